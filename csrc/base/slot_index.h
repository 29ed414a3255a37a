// Where an open-addressing table of 2^n slots looks for a key first: at its home slot.
//
// The home is made of the *top* bits of the hash. So all tables, large and small, have their keys
// in the same order, and growing or joining them is a walk through both from front to back.
//
// Slot 0 is nobody's home and stays empty. What is no key (a long pretoken in a batch of short
// ones) is packed as the empty key and sent there: the loop over a batch needs no jump for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bpe {

inline constexpr std::size_t kSlotBytes = 32;
inline constexpr std::uint32_t kNowhere = 0;

struct SlotIndex {
  const void* slots = nullptr;
  unsigned shift = 0;  // 32 - n; n is 1 to 32

  std::uint32_t home_of(std::uint32_t hash) const noexcept {
    const std::uint32_t home = hash >> shift;
    return home == kNowhere ? 1 : home;
  }
  void prefetch(std::uint32_t home) const noexcept {
    __builtin_prefetch(static_cast<const char*>(slots) + std::size_t{home} * kSlotBytes);
  }
};

// That of a table of `capacity` slots, a power of two from 2 to 2^32.
inline unsigned shift_of(std::size_t capacity) noexcept {
  return 32 - static_cast<unsigned>(__builtin_ctzll(capacity));
}

// Where a walk that found another key goes on: to the right, and from the end to slot 1.
inline std::size_t next_slot(std::size_t slot, std::size_t capacity) noexcept {
  return slot + 1 < capacity ? slot + 1 : 1;
}

}  // namespace bpe
