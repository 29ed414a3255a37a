// A pretoken of at most 15 bytes as one 16-byte value: its bytes, zeros, its length in the top
// byte.
//
//   byte   0 ........................ 14   15
//          | t  h  e  0  0  0 ... 0   0  |  3 |
//
// Length 0 does not occur, so the all-zero key means "empty slot". Counting and encoding share it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/hash_seed.h"

namespace bpe {

struct PretokenKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  // One jump instead of two.
  friend bool operator==(const PretokenKey& a, const PretokenKey& b) noexcept {
    return ((a.low ^ b.low) | (a.high ^ b.high)) == 0;
  }
  bool empty() const noexcept { return high == 0; }
};

inline constexpr std::size_t kMaxKeyBytes = 15;

// Copies exactly `length` (1..15) bytes, so it may be used at the very end of a buffer.
inline PretokenKey make_key(const char* data, std::size_t length) noexcept {
  unsigned char bytes[16] = {};
  std::memcpy(bytes, data, length);
  bytes[15] = static_cast<unsigned char>(length);
  PretokenKey key;
  std::memcpy(&key.low, bytes, 8);
  std::memcpy(&key.high, bytes + 8, 8);
  return key;
}

// The bytes of a key, inside the key: valid as long as the key stays where it is.
inline std::string_view key_bytes(const PretokenKey& key) noexcept {
  static_assert(std::endian::native == std::endian::little, "a key is its bytes in memory order");
  return {reinterpret_cast<const char*>(&key), static_cast<std::size_t>(key.high >> 56)};
}

// Row n keeps the first n bytes of a key. A table, because a jump on the length is mispredicted for
// every sixth pretoken of English.
struct KeyMask {
  std::uint64_t low, high;
};
inline constexpr std::array<KeyMask, kMaxKeyBytes + 1> kKeyMasks = [] {
  std::array<KeyMask, kMaxKeyBytes + 1> masks{};
  for (std::size_t length = 0; length <= kMaxKeyBytes; ++length) {
    for (std::size_t byte = 0; byte < length; ++byte) {
      std::uint64_t& half = byte < 8 ? masks[length].low : masks[length].high;
      half |= std::uint64_t{0xFF} << (8 * (byte % 8));
    }
  }
  return masks;
}();

// The same for data that is followed by at least 16 - length readable bytes: one load, no call.
inline PretokenKey make_key_unchecked(const char* data, std::size_t length) noexcept {
  static_assert(sizeof(std::uint64_t) == 8);
  std::uint64_t low, high;
  std::memcpy(&low, data, 8);
  std::memcpy(&high, data + 8, 8);
  const KeyMask& mask = kKeyMasks[length];
  return {low & mask.low, (high & mask.high) | (static_cast<std::uint64_t>(length) << 56)};
}

// The hash of a key: both pairs of its 32-bit words multiplied, the products added and folded to 32
// bits, which a last multiplication mixes upwards: the top bits are the good ones.
//
// It is made of what every SIMD instruction set has (32 x 32 -> 64 bits), so that all kernels give
// the same hash and a table may be filled by several; on English, code and multilingual text it
// keeps more keys at home than two rounds of AES, and costs the same. The words are mixed with the
// seed first, so that nobody can choose keys that meet.
inline constexpr std::uint32_t kHashMix = 0x9E3779B1u;

inline std::uint32_t hash_key(const PretokenKey& key) noexcept {
  const std::uint64_t low = key.low ^ kHashSeed.key_low;
  const std::uint64_t high = key.high ^ kHashSeed.key_high;
  const std::uint64_t sum = (low & 0xFFFF'FFFF) * (low >> 32) + (high & 0xFFFF'FFFF) * (high >> 32);
  return static_cast<std::uint32_t>(sum ^ (sum >> 32)) * kHashMix;
}

}  // namespace bpe
