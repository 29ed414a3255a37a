// Where the bits of a byte stand: eight positions for each of its 256 values, the lowest first, one
// byte each. What lies past the last one is zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bpe::kernels {

inline constexpr std::array<std::uint64_t, 256> kBitPositions = [] {
  std::array<std::uint64_t, 256> table{};
  for (std::size_t value = 0; value < table.size(); ++value) {
    unsigned count = 0;
    for (std::uint64_t bit = 0; bit < 8; ++bit) {
      if ((value >> bit & 1) != 0) table[value] |= bit << (8 * count++);
    }
  }
  return table;
}();

}  // namespace bpe::kernels
