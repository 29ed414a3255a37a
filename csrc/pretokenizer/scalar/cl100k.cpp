// The cl100k family: cl100k, llama3, qwen2, nanochat. In the spelling of cl100k:
//   '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+
//   | ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s
// The others have another number of digits, no `\s++$`, and `\s*[\r\n]+`, which is the same as
// `\s*[\r\n]` because `\s*` has already taken all newlines but the last.
#include "pretokenizer/scalar/machines.h"
#include "pretokenizer/scalar/units.h"

namespace bpe::scalar {
namespace {

// What `[^\s\p{L}\p{N}]` matches; marks are among it.
constexpr ClassSet kPunctuation = ~(kWhiteSpace | kLetters | kNumbers);

std::size_t digits_end(std::string_view text, std::size_t position, unsigned max_digits) noexcept {
  for (unsigned i = 0; i < max_digits && has_class(text, position, kNumbers); ++i) {
    position += unit_at(text, position).length;
  }
  return position;
}

std::size_t white_space_end(std::string_view text, std::size_t begin, Cl100kRules rules) noexcept {
  const WhiteSpaceRun run = white_space_run(text, begin);
  if (rules.keeps_trailing_space && run.end == text.size()) return run.end;
  if (run.after_newline != 0) return run.after_newline;
  return end_before_last(text, begin, run);
}

}  // namespace

// White space is looked at four times at most: once up to its last newline, once for what follows
// that newline, once as the last unit of the run, and once as the lead of a word.
std::size_t cl100k_end(std::string_view text, std::size_t begin, Cl100kRules rules) noexcept {
  if (const std::size_t length = contraction_length(text, begin, true)) return begin + length;
  const Unit first = unit_at(text, begin);
  if (kLetters.contains(first.cls)) return skip_class(text, begin, kLetters);
  if (kNumbers.contains(first.cls)) return digits_end(text, begin, rules.max_digits);

  const std::size_t second = begin + first.length;
  if (!is_newline(text[begin]) && has_class(text, second, kLetters)) {
    return skip_class(text, second, kLetters);
  }
  const std::size_t run = begin + (text[begin] == ' ');
  if (has_class(text, run, kPunctuation)) {
    return skip_newlines(text, skip_class(text, run, kPunctuation));
  }
  return white_space_end(text, begin, rules);
}

}  // namespace bpe::scalar
