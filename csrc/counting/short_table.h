// Counts of pretokens of at most 15 bytes: an open-addressing table of packed keys.
//
//   slot (32 bytes, two per cache line)
//   | key: 15 bytes + length | count | unused |
//
//   A key starts looking at its home slot, hash mod capacity, and walks to the right. Keys are
//   never removed. When a key that sits away from home becomes more frequent than the one that
//   occupies its home, the two change places: frequent keys are then found at the first look.
//   (Walks leave no gap behind, so the key that moves away stays reachable.)
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/pretoken_key.h"
#include "base/zeroed_array.h"

namespace bpe {

// Not thread-safe. The content never depends on the order in which keys came; the order of slots
// does.
class ShortTable {
 public:
  std::size_t size() const noexcept { return size_; }

  // Makes room for `num_more` further keys. Nothing moves while those are added.
  void make_room(std::size_t num_more);

  // The memory it takes, and the most it will have taken when so many keys more are in it.
  std::size_t num_bytes() const noexcept { return capacity() * sizeof(Slot); }
  std::size_t num_bytes_with(std::size_t num_more) const noexcept {
    return num_bytes() + (fits(num_more) ? 0 : capacity_for(num_more) * sizeof(Slot));
  }

  // The slot that will be looked at first travels to the cache.
  void prefetch(std::uint64_t hash) const noexcept {
    if (capacity() != 0) __builtin_prefetch(&slots_[hash & mask()]);
  }

  // `hash` is hash_key(key). There must be room for one more key.
  void add(const PretokenKey& key, std::uint64_t hash, std::uint64_t count) noexcept {
    Slot& home = slots_[hash & mask()];
    if (home.key == key) {
      home.count += count;
    } else {
      add_away_from_home(key, hash & mask(), count);
    }
  }

  std::uint64_t count(const PretokenKey& key) const noexcept;

  // Calls visit(key, count) for all keys, in no particular order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Slot& slot : slots_) {
      if (!slot.key.empty()) visit(slot.key, slot.count);
    }
  }

 private:
  struct Slot {
    PretokenKey key;
    std::uint64_t count;
    std::uint64_t unused;
  };
  static_assert(sizeof(Slot) == 32);

  std::size_t capacity() const noexcept { return slots_.size(); }
  std::size_t mask() const noexcept { return slots_.size() - 1; }
  bool fits(std::size_t num_more) const noexcept { return size_ + num_more <= capacity() / 2; }
  std::size_t capacity_for(std::size_t num_more) const noexcept;
  void add_away_from_home(const PretokenKey& key, std::size_t home, std::uint64_t count) noexcept;
  void grow(std::size_t new_capacity);

  ZeroedArray<Slot> slots_;  // a power of two of them, at most half occupied
  std::size_t size_ = 0;
};

// The bytes of a key, inside the key: valid as long as the key stays where it is.
inline std::string_view key_bytes(const PretokenKey& key) noexcept {
  static_assert(std::endian::native == std::endian::little, "a key is its bytes in memory order");
  return {reinterpret_cast<const char*>(&key), static_cast<std::size_t>(key.high >> 56)};
}

}  // namespace bpe
