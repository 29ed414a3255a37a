// A fast hash of byte strings, for tables whose content never depends on the order of their slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/hash_seed.h"

namespace bpe {

// Both halves of the 128-bit product, folded: every bit of the result depends on all bits of both.
inline std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) noexcept {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t load_u64(const char* data) noexcept {
  std::uint64_t value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

// Reads only [data, data + length), which must be at least 16 bytes: the last step overlaps the one
// before it instead of padding.
inline std::uint64_t hash_bytes(const char* data, std::size_t length) noexcept {
  std::uint64_t state = kHashSeed.bytes_first ^ length;
  const auto step = [&](const char* at) {
    state = fold_product(load_u64(at) ^ kHashSeed.bytes_second, load_u64(at + 8) ^ state);
  };
  for (std::size_t done = 0; length - done > 16; done += 16) step(data + done);
  step(data + length - 16);
  return fold_product(state ^ length, kHashSeed.multiplier);
}

}  // namespace bpe
