#include "corpora/json_lines.h"

#include <optional>

#include "corpora/json_string.h"

namespace bpe {
namespace {

// Deeper nesting and longer numbers than these are left to Python, which has limits of its own.
constexpr int kMaxDepth = 63;
constexpr std::ptrdiff_t kMaxNumber = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads one line. Every member returns false at the first thing that is not as usual; where the
// line ends, `peek` gives its line feed.
class LineReader {
 public:
  LineReader(const char* begin, const char* end, std::string_view field)
      : next_(begin), end_(end), field_(field) {}

  const char* next() const { return next_; }
  const std::optional<JsonString>& text() const { return text_; }

  // A blank line has no text.
  bool read_line() {
    skip_space();
    if (peek() != '\n' && !read_object()) return false;
    skip_space();
    if (peek() != '\n') return false;
    if (next_ != end_) ++next_;
    return true;
  }

 private:
  char peek() const { return next_ == end_ ? '\n' : *next_; }

  bool take(char c) {
    if (peek() != c) return false;
    ++next_;
    return true;
  }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\r') ++next_;
  }

  // An object without the field is for Python to explain.
  bool read_object() {
    if (!take('{')) return false;
    do {
      JsonString key;
      if (!read_key(key)) return false;
      if (key.raw != field_) {
        if (!skip_value()) return false;
      } else if (text_ || !read_string(text_.emplace())) {
        return false;
      }
      skip_space();
    } while (take(','));
    return take('}') && text_;
  }

  // A key with an escape might be the field, written in another way.
  bool read_key(JsonString& key) {
    skip_space();
    if (!read_string(key) || key.has_escapes) return false;
    skip_space();
    if (!take(':')) return false;
    skip_space();
    return true;
  }

  bool read_string(JsonString& string) {
    if (!take('"')) return false;
    const char* const quote = scan_json_string(next_, end_, string);
    if (quote == nullptr) return false;
    next_ = quote + 1;
    return true;
  }

  // Bit k of `objects` says whether the container at depth k is an object.
  bool skip_value() {
    std::uint64_t objects = 0;
    int depth = 0;
    while (true) {
      skip_space();
      const bool is_object = peek() == '{';
      if (is_object || peek() == '[') {
        ++next_;
        if (++depth > kMaxDepth) return false;
        objects = (objects & ~bit(depth)) | (is_object ? bit(depth) : 0);
        skip_space();
        if (peek() != (is_object ? '}' : ']')) {
          if (is_object && !skip_key()) return false;
          continue;
        }
      } else if (!skip_scalar()) {
        return false;
      }
      if (!skip_ends(objects, depth)) return false;
      if (depth == 0) return true;
    }
  }

  static std::uint64_t bit(int depth) { return std::uint64_t{1} << depth; }

  // After a value: the ends of what it closes, up to the next value or the end of all.
  bool skip_ends(std::uint64_t objects, int& depth) {
    while (depth > 0) {
      skip_space();
      const bool in_object = (objects & bit(depth)) != 0;
      if (take(',')) return !in_object || skip_key();
      if (!take(in_object ? '}' : ']')) return false;
      --depth;
    }
    return true;
  }

  bool skip_key() {
    JsonString key;
    skip_space();
    if (!read_string(key)) return false;
    skip_space();
    return take(':');
  }

  bool skip_scalar() {
    JsonString ignored;
    switch (peek()) {
      case '"': return read_string(ignored);
      case 't': return take_word("true");
      case 'f': return take_word("false");
      case 'n': return take_word("null");
      default: return skip_number();
    }
  }

  bool take_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - next_) < word.size()) return false;
    if (std::string_view(next_, word.size()) != word) return false;
    next_ += word.size();
    return true;
  }

  bool skip_number() {
    const char* const begin = next_;
    take('-');
    if (!take('0') && !skip_digits()) return false;
    if (take('.') && !skip_digits()) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++next_;
      if (!take('+')) take('-');
      if (!skip_digits()) return false;
    }
    return next_ - begin <= kMaxNumber;
  }

  bool skip_digits() {
    const char* const begin = next_;
    while (is_digit(peek())) ++next_;
    return next_ != begin;
  }

  const char* next_;
  const char* const end_;
  const std::string_view field_;
  std::optional<JsonString> text_;
};

// A text without escapes is copied too, while it is in the cache: a view would keep all of the
// data.
void add_text(DocumentBatch& batch, const JsonString& text) {
  char* const room = batch.make_room(text.raw.size());
  batch.add_written(unescape_json_string(text.raw, room));
}

}  // namespace

JsonLinesStop add_json_lines(DocumentBatch& batch, std::string_view data, std::size_t offset,
                             std::string_view field) {
  const char* const end = data.data() + data.size();
  const char* line = data.data() + offset;
  std::size_t num_lines = 0;
  for (; line != end; ++num_lines) {
    LineReader reader(line, end, field);
    if (!reader.read_line()) break;
    if (reader.text()) add_text(batch, *reader.text());
    line = reader.next();
  }
  return {static_cast<std::size_t>(line - data.data()), num_lines};
}

}  // namespace bpe
