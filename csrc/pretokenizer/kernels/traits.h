// What the rules ask about a class, as bits: small enough for one byte of a vector.
#pragma once

#include <cstdint>

namespace bpe::kernels {

using Bits = std::uint64_t;  // one bit for each byte of a block

// The apostrophes of contractions of two and of three bytes.
struct Contractions {
  Bits two, three;
};

enum Trait : std::uint8_t {
  kLetter = 1,
  kNumber = 2,
  kWhite = 4,
  kUpper = 8,      // or title case
  kCaseless = 16,  // a letter that is neither upper nor lower case
  kMark = 32,
};

// In the order of unicode::CodePointClass; sixteen, to be looked up by a vector.
alignas(16) inline constexpr std::uint8_t kTraits[16] = {
    0,                    // other
    kLetter | kUpper,     // upper
    kLetter | kUpper,     // title
    kLetter,              // lower
    kLetter | kCaseless,  // modifier_letter
    kLetter | kCaseless,  // other_letter
    kMark,                // mark
    kNumber,              // number
    kWhite,               // white_space
};

}  // namespace bpe::kernels
