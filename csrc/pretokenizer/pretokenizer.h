// Text to pretokens. Total: the pretokens of a text, joined, are the text again.
//
// Bytes that are not part of well-formed UTF-8 are symbols of their own (neither letter, number,
// mark nor white space), one byte each: the reference engine says the same through surrogateescape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace bpe {

// `whole` does not split at all: the text is one pretoken.
//
// Each other one has a coarser one, `superwords(pattern)`, in which every run of words is one
// pretoken: the same scanner and superwords.h.
enum class PatternId : std::uint8_t { whole, gpt2, cl100k, llama3, o200k, qwen2, nanochat };
inline constexpr std::size_t kNumPatterns = 7;

constexpr PatternId superwords(PatternId pattern) noexcept {
  return static_cast<PatternId>(static_cast<std::size_t>(pattern) + kNumPatterns);
}
constexpr bool joins_words(PatternId pattern) noexcept {
  return static_cast<std::size_t>(pattern) >= kNumPatterns;
}
constexpr PatternId words_of(PatternId pattern) noexcept {
  return static_cast<PatternId>(static_cast<std::size_t>(pattern) % kNumPatterns);
}

// The names of bpe/patterns.py, in the order of PatternId; "" is `whole`.
std::span<const std::string_view> pattern_names();

// nullopt for an unknown name. "gpt2 superwords" is superwords(PatternId::gpt2).
std::optional<PatternId> pattern_by_name(std::string_view name);

// The end of a pretoken, in bytes from where the call that found it began: half the memory of a
// size_t, and sixteen of them are one vector.
using EndOffset = std::uint32_t;

// An end that lies this far away or further. Such a pretoken is the only one of its call and ends
// at Scanner::position(): it costs its reader one comparison, and nothing ever wraps.
inline constexpr EndOffset kFarEnd = 0xFFFF'FFFF;

// As many places as one step of a scanner may need at once; see Scanner::fill.
inline constexpr std::size_t kMaxStepEnds = 64;

// What a scanner runs on: writes the ends of the next pretokens from `position` (the start of a
// pretoken) on, moves `position` to the last of them, and returns how many it wrote.
using FillFunction = std::size_t (*)(std::string_view text, std::size_t& position,
                                     std::span<EndOffset> ends);

struct Kernel;  // pretokenizer/kernels.h

// Walks over one text. Not thread-safe; the text must outlive the scanner and not change.
// O(size of the text) in total, without recursion and without allocation. Reads no byte outside of
// the text: it may end at the end of a page.
class Scanner {
 public:
  Scanner(PatternId pattern, std::string_view text);
  Scanner(PatternId pattern, std::string_view text, const Kernel& kernel);

  // Writes the ends of the next pretokens, counted from position() before the call, and returns how
  // many; 0 at the end of the text. The first pretoken begins there, each other where the one
  // before it ended; the last one ends at position() after the call, also if its offset is kFarEnd.
  //
  // `ends` must not be empty. All of it may be written, also past the count that is returned;
  // nothing outside of it is. Every place is used only where the text ends: with fewer than
  // kMaxStepEnds of them left a call may return, so a reader that wants n at a time passes n +
  // kMaxStepEnds places or is content with n - kMaxStepEnds.
  std::size_t fill(std::span<EndOffset> ends) {
    return joins_words(pattern_) ? fill_joined(ends) : fill_(text_, position_, ends);
  }

  // Where the last pretoken that was handed out ends, and the next one begins.
  std::size_t position() const noexcept { return position_; }

 private:
  std::size_t fill_joined(std::span<EndOffset> ends);

  PatternId pattern_;
  FillFunction fill_;
  std::string_view text_;
  std::size_t position_ = 0;
};

// The first offset at or after `near` (but not 0, which cuts nothing) at which the text may be cut
// in two without changing any pretoken, whatever follows the text:
// split(text) == split(text[:cut]) + split(text[cut:]). text.size() when there is none.
// Reads the bytes from `near` to the cut and at most eight bytes around them.
std::size_t find_safe_cut(PatternId pattern, std::string_view text, std::size_t near);

}  // namespace bpe
