// The scalar machines: one function a pattern family, written after the alternatives of its regular
// expression and in their order. They are the truth that every kernel is tested against.
//
// Each takes the start of a pretoken and returns its end. Each looks at a unit a bounded number of
// times over a whole text (the comments say why), so a text costs O(its size) whatever it holds.
#pragma once

#include <cstddef>
#include <string_view>

#include "pretokenizer/pretokenizer.h"

namespace bpe::scalar {

// How the patterns of the cl100k family differ.
struct Cl100kRules {
  unsigned max_digits;        // \p{N}{1,max_digits}
  bool keeps_trailing_space;  // `\s++$`: white space that ends the text is one pretoken
};

inline constexpr Cl100kRules kCl100k{3, true};
inline constexpr Cl100kRules kLlama3{3, false};
inline constexpr Cl100kRules kQwen2{1, false};
inline constexpr Cl100kRules kNanochat{2, false};

// An end at `position` as one that a call hands out which began at `begin`.
inline EndOffset end_offset(std::size_t begin, std::size_t position) noexcept {
  return position - begin < kFarEnd ? static_cast<EndOffset>(position - begin) : kFarEnd;
}

std::size_t gpt2_end(std::string_view text, std::size_t begin) noexcept;
std::size_t cl100k_end(std::string_view text, std::size_t begin, Cl100kRules rules) noexcept;
std::size_t o200k_end(std::string_view text, std::size_t begin) noexcept;

// o200k: whether a word goes on where its run of upper case that reaches `position` ends.
bool word_goes_on_after_upper(std::string_view text, std::size_t position) noexcept;

}  // namespace bpe::scalar
