// The classes of ASCII for kernels whose tables have sixteen bytes: a byte has those that both of
// its nibbles have.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bpe::kernels {

// One bit for each.
enum NibbleTrait : std::uint8_t {
  kLetterUpTo15 = 1,  // @ to O and the small ones
  kLetterFrom16 = 2,  // P to Z and the small ones
  kAsciiDigit = 4,
  kAsciiControl = 8,  // white space but the space
  kAsciiSpace = 16,
  kAsciiNewline = 32,
  kAsciiQuote = 64,
  kAsciiSlash = 128,
};

// Nothing for the bytes beyond ASCII.
alignas(16) inline constexpr std::array<std::uint8_t, 16> kByHighNibble = {
    kAsciiControl | kAsciiNewline,
    0,
    kAsciiSpace | kAsciiQuote | kAsciiSlash,
    kAsciiDigit,
    kLetterUpTo15,
    kLetterFrom16,
    kLetterUpTo15,
    kLetterFrom16};

constexpr std::uint8_t low_nibble_traits(int nibble) {
  int traits = 0;
  if (nibble >= 1) traits |= kLetterUpTo15;
  if (nibble <= 10) traits |= kLetterFrom16;
  if (nibble <= 9) traits |= kAsciiDigit;
  if (nibble >= 9 && nibble <= 13) traits |= kAsciiControl;
  if (nibble == 0) traits |= kAsciiSpace;
  if (nibble == 10 || nibble == 13) traits |= kAsciiNewline;
  if (nibble == 7) traits |= kAsciiQuote;
  if (nibble == 15) traits |= kAsciiSlash;
  return static_cast<std::uint8_t>(traits);
}

alignas(16) inline constexpr std::array<std::uint8_t, 16> kByLowNibble = [] {
  std::array<std::uint8_t, 16> traits{};
  for (int i = 0; i < 16; ++i) traits[static_cast<std::size_t>(i)] = low_nibble_traits(i);
  return traits;
}();

}  // namespace bpe::kernels
