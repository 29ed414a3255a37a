// Reading ranked tokens, and finding their merges.
#include "vocab/ranked_tokens.h"

#include <array>
#include <cstddef>

#include "base/zeroed_array.h"
#include "vocab/token_parts.h"

namespace bpe {
namespace {

// Bytes of a line in the published files, or a little less.
constexpr std::size_t kUsualLine = 16;

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kBase64 = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  std::uint8_t value = 0;
  for (char c = 'A'; c <= 'Z'; ++c) values[static_cast<unsigned char>(c)] = value++;
  for (char c = 'a'; c <= 'z'; ++c) values[static_cast<unsigned char>(c)] = value++;
  for (char c = '0'; c <= '9'; ++c) values[static_cast<unsigned char>(c)] = value++;
  values['+'] = value++;
  values['/'] = value++;
  return values;
}();

// Reads from the front of a text; every function says false where the text is something else.
class Reader {
 public:
  explicit Reader(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool done() const { return at_ == end_; }

  // Groups of four digits, of which the last may be filled up with one or two '='.
  // There must be room for three bytes of every four digits.
  bool read_base64(char*& bytes) {
    while (end_ - at_ >= 4 && at_[0] != ' ') {
      const std::uint8_t a = value(0), b = value(1), c = value(2), d = value(3);
      if ((a | b | c | d) < 64) [[likely]] {
        bytes[0] = static_cast<char>(a << 2 | b >> 4);
        bytes[1] = static_cast<char>(b << 4 | c >> 2);
        bytes[2] = static_cast<char>(c << 6 | d);
        bytes += 3;
        at_ += 4;
        continue;
      }
      if ((a | b) >= 64 || at_[3] != '=' || (c >= 64 && at_[2] != '=')) return false;
      *bytes++ = static_cast<char>(a << 2 | b >> 4);
      if (c < 64) *bytes++ = static_cast<char>(b << 4 | c >> 2);
      at_ += 4;
      break;
    }
    return at_ != end_ && *at_++ == ' ';
  }

  // A number without leading zeros, at most kMaxId, and the end of its line.
  bool read_id(std::uint32_t& id) {
    const char* const first = at_;
    std::uint64_t number = 0;
    for (; at_ != end_ && '0' <= *at_ && *at_ <= '9'; ++at_) {
      number = 10 * number + static_cast<std::uint64_t>(*at_ - '0');
      if (number > kMaxId) return false;
    }
    if (at_ == first || (*first == '0' && at_ - first > 1)) return false;
    if (at_ != end_ && *at_++ != '\n') return false;
    id = static_cast<std::uint32_t>(number);
    return true;
  }

 private:
  std::uint8_t value(int i) const { return kBase64[static_cast<unsigned char>(at_[i])]; }

  const char* at_;
  const char* end_;
};

}  // namespace

std::optional<TokenTable> read_ranked_tokens(std::string_view lines) {
  ZeroedArray<char> bytes(lines.size());
  std::vector<IdAndBytes> tokens;
  tokens.reserve(lines.size() / kUsualLine);
  Reader reader(lines);
  char* end = bytes.data();
  while (!reader.done()) {
    const char* const begin = end;
    std::uint32_t id = 0;
    if (!reader.read_base64(end) || !reader.read_id(id) || begin == end) return std::nullopt;
    if (!tokens.empty() && tokens.back().first >= id) return std::nullopt;
    tokens.emplace_back(id, std::string_view(begin, end));
  }
  TokenTable table(tokens);
  if (!can_be_ranked(table)) return std::nullopt;
  return table;
}

bool can_be_ranked(const TokenTable& tokens) {
  if (tokens.num_distinct() != tokens.size()) return false;
  for (int byte = 0; byte < 256; ++byte) {
    const char text = static_cast<char>(byte);
    if (!tokens.find({&text, 1})) return false;
  }
  return true;
}

// Prefixes from the shortest on and suffixes from the longest on meet where both make the token.
RankedMerges find_ranked_merges(const TokenTable& tokens) {
  const TokenParts parts(tokens);
  RankedMerges merges;
  for (auto* column : {&merges.left, &merges.right, &merges.new_id}) {
    column->reserve(3 * tokens.size());
  }
  std::vector<std::uint32_t> prefixes;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    prefixes.clear();
    for (std::uint32_t at = parts.prefix[i]; at != kNoToken; at = parts.prefix[at]) {
      prefixes.push_back(at);
    }
    std::uint32_t right = parts.suffix[i];
    for (auto left = prefixes.rbegin(); left != prefixes.rend(); ++left) {
      const std::size_t rest = tokens.at(i).size() - tokens.at(*left).size();
      while (right != kNoToken && tokens.at(right).size() > rest) right = parts.suffix[right];
      if (right == kNoToken) break;
      if (tokens.at(right).size() != rest) continue;
      merges.left.push_back(tokens.ids()[*left]);
      merges.right.push_back(tokens.ids()[right]);
      merges.new_id.push_back(tokens.ids()[i]);
    }
  }
  return merges;
}

}  // namespace bpe
