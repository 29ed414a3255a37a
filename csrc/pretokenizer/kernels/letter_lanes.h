// Which characters beyond ASCII are letters for sure, told from their first two bytes.
//
//   lead byte   0xE4 --> select: one bit of eight     that bit of the second byte's row says
//   whether second byte 0xB8 --> second: eight answers        all characters E4 B8 xx are wanted
//
// Seven leads have a bit of their own; the eighth bit is always set and stands for the leads whose
// characters are all wanted. Every other lead selects nothing: it has to be looked at more closely.
#pragma once

#include <array>
#include <cstdint>

#include "unicode/classes.h"

namespace bpe {

struct LetterLanes {
  alignas(64) std::array<std::uint8_t, 64> select{};  // by the low six bits of the lead
  alignas(64) std::array<std::uint8_t, 64> second{};  // by the low six bits of the second byte
  // The leads of the eighth bit alone, by nibble: the lead is one if low[lead & 15] & high[lead >>
  // 4].
  alignas(16) std::array<std::uint8_t, 16> low{};
  alignas(16) std::array<std::uint8_t, 16> high{};

  explicit LetterLanes(unicode::ClassSet wanted) noexcept;
};

// Built on the first call, from the Unicode tables; safe to call from any thread.
const LetterLanes& all_letter_lanes() noexcept;       // \p{L}
const LetterLanes& caseless_letter_lanes() noexcept;  // \p{Lm} and \p{Lo}

}  // namespace bpe
