// o200k, with U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], l = [\p{Ll}\p{Lm}\p{Lo}\p{M}]:
//   [^\r\n\p{L}\p{N}]?U*l+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   |[^\r\n\p{L}\p{N}]?U+l*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
#include "pretokenizer/scalar/machines.h"
#include "pretokenizer/scalar/units.h"

namespace bpe::scalar {
namespace {

// Letters without case, and marks, are in both U and l.
constexpr ClassSet kCaseless{CodePointClass::modifier_letter, CodePointClass::other_letter,
                             CodePointClass::mark};
constexpr ClassSet kUpper = ClassSet{CodePointClass::upper, CodePointClass::title} | kCaseless;
constexpr ClassSet kLower = ClassSet{CodePointClass::lower} | kCaseless;
constexpr ClassSet kWord = kUpper | kLower;
constexpr ClassSet kPunctuation = ~(kWhiteSpace | kLetters | kNumbers);
constexpr unsigned kMaxDigits = 3;

// `U*l+|U+l*` at a unit of a word.
//
//   U...U l...l |     `U*` runs up to the first lower-case letter, `l+` from there
//   U..C | U..U       no lower case: `U*` gives back until `l+` can have a caseless unit C, the
//   last U...U |           no caseless unit either: the second alternative
//
// The units that were given back are all upper case: the next pretoken takes them as a whole, so
// no unit is looked at more than twice.
std::size_t case_run_end(std::string_view text, std::size_t begin) noexcept {
  std::size_t position = begin;
  std::size_t after_caseless = 0;
  while (position < text.size()) {
    const Unit unit = unit_at(text, position);
    if (!kUpper.contains(unit.cls)) break;
    position += unit.length;
    if (kCaseless.contains(unit.cls)) after_caseless = position;
  }
  if (has_class(text, position, kLower)) return skip_class(text, position, kLower);
  return after_caseless != 0 ? after_caseless : position;
}

std::size_t word_end(std::string_view text, std::size_t begin) noexcept {
  const std::size_t end = case_run_end(text, begin);
  return end + contraction_length(text, end, true);
}

std::size_t digits_end(std::string_view text, std::size_t position) noexcept {
  for (unsigned i = 0; i < kMaxDigits && has_class(text, position, kNumbers); ++i) {
    position += unit_at(text, position).length;
  }
  return position;
}

std::size_t punctuation_end(std::string_view text, std::size_t begin) noexcept {
  std::size_t end = skip_class(text, begin, kPunctuation);
  while (end < text.size() && (is_newline(text[end]) || text[end] == '/')) ++end;
  return end;
}

}  // namespace

std::size_t o200k_end(std::string_view text, std::size_t begin) noexcept {
  const Unit first = unit_at(text, begin);
  // A mark may lead a word and be in it; the word has the same end either way.
  if (kWord.contains(first.cls)) return word_end(text, begin);
  if (kNumbers.contains(first.cls)) return digits_end(text, begin);

  const std::size_t second = begin + first.length;
  if (!is_newline(text[begin]) && has_class(text, second, kWord)) return word_end(text, second);
  const std::size_t run = begin + (text[begin] == ' ');
  if (has_class(text, run, kPunctuation)) return punctuation_end(text, run);

  const WhiteSpaceRun white_space = white_space_run(text, begin);
  if (white_space.after_newline != 0) return white_space.after_newline;
  return end_before_last(text, begin, white_space);
}

bool word_goes_on_after_upper(std::string_view text, std::size_t position) noexcept {
  constexpr ClassSet kUpperCase{CodePointClass::upper, CodePointClass::title};
  return has_class(text, skip_class(text, position, kUpperCase), kWord);
}

}  // namespace bpe::scalar
