#include "pretokenizer/superwords.h"

#include <array>

#include "pretokenizer/scalar/units.h"

namespace bpe {
namespace {

using scalar::ClassSet;
using scalar::kLetters;
using scalar::kMarks;

// Pretokens asked for at a time; those after the last one that has room are scanned again.
constexpr std::size_t kBatch = 4 * kMaxStepEnds;

bool is_ascii_letter(char byte) noexcept {
  const char lower = static_cast<char>(byte | 0x20);
  return lower >= 'a' && lower <= 'z';
}

// A word is a pretoken with a letter in it, and that is its first or its second unit: whatever may
// lead a word is one unit long, and no other pretoken holds a letter. In o200k a mark is as good.
bool is_word(std::string_view text, std::size_t begin, std::size_t end, ClassSet letters) noexcept {
  if (is_ascii_letter(text[begin])) return true;
  if (begin + 1 < end && text[begin] == ' ' && is_ascii_letter(text[begin + 1])) return true;
  const scalar::Unit first = scalar::unit_at(text, begin);
  if (letters.contains(first.cls)) return true;
  return begin + first.length < end && scalar::has_class(text, begin + first.length, letters);
}

// Takes the ends of superwords as long as there is room for them.
class Ends {
 public:
  Ends(std::size_t start, std::span<EndOffset> ends) : start_(start), last_(start), ends_(ends) {}

  // False if this one has to be the first of the next call.
  bool add(std::size_t end) noexcept {
    const bool is_far = end - start_ >= kFarEnd;
    if (count_ == ends_.size() || (is_far && count_ > 0) || has_far_) return false;
    ends_[count_++] = is_far ? kFarEnd : static_cast<EndOffset>(end - start_);
    has_far_ = is_far;
    last_ = end;
    return true;
  }

  std::size_t count() const noexcept { return count_; }
  std::size_t last() const noexcept { return last_; }

 private:
  std::size_t start_;
  std::size_t last_;
  std::span<EndOffset> ends_;
  std::size_t count_ = 0;
  bool has_far_ = false;
};

}  // namespace

std::size_t fill_superwords(FillFunction fill_words, bool marks_are_words, std::string_view text,
                            std::size_t& position, std::span<EndOffset> ends) {
  const ClassSet letters = marks_are_words ? kLetters | kMarks : kLetters;
  std::array<EndOffset, kBatch> batch;
  Ends found(position, ends);
  std::size_t next = position;   // where the words go on
  std::size_t begin = position;  // of the word looked at
  bool is_run = false;           // [.., begin) ends in a word
  while (true) {
    const std::size_t base = next;
    const std::size_t count = fill_words(text, next, batch);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t end = batch[i] == kFarEnd ? next : base + batch[i];
      const bool is_next_word = is_word(text, begin, end, letters);
      if (begin > found.last() && !(is_run && is_next_word) && !found.add(begin)) {
        position = found.last();
        return found.count();
      }
      is_run = is_next_word;
      begin = end;
    }
    if (count == 0) break;
  }
  if (begin > found.last()) found.add(begin);
  position = found.last();
  return found.count();
}

}  // namespace bpe
