// Counts of pretokens of 16 bytes and more: an open-addressing table whose bytes lie in an arena.
//
//   slot (32 bytes)                          arena
//   | hash | count | data | length |   -->   ...the bytes of the pretoken...
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/hash.h"
#include "base/zeroed_array.h"

namespace bpe {

// Not thread-safe. Strings given to visitors live as long as the table.
class LongTable {
 public:
  std::size_t size() const noexcept { return size_; }

  // Makes room for `num_more` further pretokens. No slot moves while those are added.
  void make_room(std::size_t num_more);

  // The memory it takes, and the most its slots will have taken when so many more are in it.
  std::size_t num_bytes() const noexcept {
    return slots_.size() * sizeof(Slot) + arena_.num_bytes();
  }
  std::size_t num_bytes_with(std::size_t num_more) const noexcept {
    return num_bytes() + (fits(num_more) ? 0 : capacity_for(num_more) * sizeof(Slot));
  }

  void prefetch_slot(std::uint64_t hash) const noexcept {
    if (slots_.size() != 0) __builtin_prefetch(&slots_[hash & mask()]);
  }

  // After prefetch_slot, and some other work: the bytes that the comparison will need.
  void prefetch_bytes(std::uint64_t hash) const noexcept {
    if (slots_.size() != 0) __builtin_prefetch(slots_[hash & mask()].data);
  }

  // `hash` is hash_bytes(pretoken). There must be room for one more pretoken.
  void add(std::string_view pretoken, std::uint64_t hash, std::uint64_t count);

  std::uint64_t count(std::string_view pretoken) const noexcept;

  // Calls visit(pretoken, hash, count) for all pretokens, in no particular order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.data != nullptr)
        visit(std::string_view(slot.data, slot.length), slot.hash, slot.count);
    }
  }

 private:
  struct Slot {
    std::uint64_t hash;
    std::uint64_t count;
    const char* data;  // null: the slot is empty
    std::size_t length;
  };
  static_assert(sizeof(Slot) == 32);

  std::size_t mask() const noexcept { return slots_.size() - 1; }
  bool fits(std::size_t num_more) const noexcept { return size_ + num_more <= slots_.size() / 2; }
  std::size_t capacity_for(std::size_t num_more) const noexcept;
  std::size_t find(std::string_view pretoken, std::uint64_t hash) const noexcept;
  void grow(std::size_t new_capacity);

  ZeroedArray<Slot> slots_;  // a power of two of them, at most half occupied
  std::size_t size_ = 0;
  Arena arena_;
};

}  // namespace bpe
