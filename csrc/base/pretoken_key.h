// A pretoken of at most 15 bytes as one 16-byte value: its bytes, zeros, its length in the top
// byte.
//
//   byte   0 ........................ 14   15
//          | t  h  e  0  0  0 ... 0   0  |  3 |
//
// Length 0 does not occur, so the all-zero key means "empty slot". Counting and encoding share it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bpe {

struct PretokenKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const PretokenKey&, const PretokenKey&) = default;
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

// Two multiplications with the high half folded in: good in every bit, needs no special
// instruction.
inline std::uint64_t hash_key(const PretokenKey& key) noexcept {
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  return fold(key.low ^ 0x9E3779B97F4A7C15ull, key.high ^ 0xD1B54A32D192ED03ull);
}

}  // namespace bpe
