// What the AVX-512 kernel looks up, and what its bits mean.
//
// In a file of its own so that the compiler does not see the contents: GCC would make constant
// vectors anew for each block, where a memory operand costs nothing.
#pragma once

#include <array>
#include <cstdint>

namespace bpe::avx512 {

// One bit of a byte for each class of ASCII; a character may have several.
enum AsciiTrait : std::uint8_t {
  kAsciiLetter = 1,
  kAsciiDigit = 2,
  kAsciiWhite = 4,
  kAsciiSpace = 8,
  kAsciiNewline = 16,
  kAsciiQuote = 32,
  kAsciiUpper = 64,
  kAsciiSlash = 128,
};

// In the tables of contractions: only a second byte has this bit, and ends a contraction of two. In
// one of three, the second and the third byte have another bit in common.
inline constexpr int kEndsTwo = 1;

struct Tables {
  alignas(64) std::array<std::uint8_t, 128> ascii;  // AsciiTrait
  // Of what follows an apostrophe.
  alignas(64) std::array<std::uint8_t, 128> second, third;
  alignas(64) std::array<std::uint8_t, 128> second_of_any_case, third_of_any_case;
  alignas(64) std::array<std::uint8_t, 64> positions;                // 0, 1, 2, ...
  alignas(64) std::array<std::array<std::uint8_t, 64>, 8> repeated;  // bit k in every byte
};

extern const Tables kTables;

}  // namespace bpe::avx512
