// gpt2: '(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s
#include "pretokenizer/scalar/machines.h"
#include "pretokenizer/scalar/units.h"

namespace bpe::scalar {
namespace {

// What `[^\s\p{L}\p{N}]` matches.
constexpr ClassSet kPunctuation = ~(kWhiteSpace | kLetters | kNumbers);

ClassSet run_of(CodePointClass cls) noexcept {
  if (kLetters.contains(cls)) return kLetters;
  return kNumbers.contains(cls) ? kNumbers : kPunctuation;
}

}  // namespace

// White space is looked at three times at most: as a run, as its last unit, and as a leading space.
std::size_t gpt2_end(std::string_view text, std::size_t begin) noexcept {
  if (const std::size_t length = contraction_length(text, begin, false)) return begin + length;
  const std::size_t run = begin + (text[begin] == ' ');
  if (has_class(text, run, ~kWhiteSpace)) {
    return skip_class(text, run, run_of(unit_at(text, run).cls));
  }
  return end_before_last(text, begin, white_space_run(text, begin));
}

}  // namespace bpe::scalar
