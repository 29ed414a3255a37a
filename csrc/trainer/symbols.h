// How the trainer numbers tokens inside: a symbol is a small number that sorts as the tie rule
// wants.
//
//   0          the boundary between two pretokens
//   1          the start of a token that is no longer there
//   2 .. 257   the 256 bytes, in the order of the tie rule
//   258 ..     the merges, in the order they are made
//
// Both special symbols sit below the others, so arrays indexed by symbol have no holes and need no
// test for them, and a cell widens from 16 to 32 bits by a plain copy.
#pragma once

#include <cstdint>

namespace bpe {

using Symbol = std::uint32_t;

inline constexpr Symbol kBoundary = 0;
inline constexpr Symbol kInvalid = 1;
inline constexpr Symbol kFirstByte = 2;
inline constexpr Symbol kFirstMerge = kFirstByte + 256;

// Two neighbouring symbols as one number: it compares like (left, right).
using PairKey = std::uint64_t;

constexpr PairKey make_pair_key(Symbol left, Symbol right) noexcept {
  return (static_cast<PairKey>(left) << 32) | right;
}
constexpr Symbol left_of(PairKey pair) noexcept { return static_cast<Symbol>(pair >> 32); }
constexpr Symbol right_of(PairKey pair) noexcept { return static_cast<Symbol>(pair); }

}  // namespace bpe
