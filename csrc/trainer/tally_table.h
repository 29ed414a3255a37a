// Counts of all pairs in bounded memory: as many walks over the cells as it takes.
//
//   hashes   0 ......|..........|....................|..................... 2^32
//            counted | counted  | this walk: [first, end) | a later one
//
// A walk begins with all hashes that are left. When the table is full, it gives up the upper half
// of its range, and what it has of that; what stays has been counted from the first cell on, so it
// is right at the end of the walk. The next walk begins where this range ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/hash_seed.h"
#include "trainer/symbols.h"

namespace bpe {

struct Tally {
  std::uint64_t count = 0;
  std::uint32_t num_positions = 0;
};

// Open addressing, never more than half full. Not thread-safe.
class TallyTable {
 public:
  struct Slot {
    PairKey key = 0;  // (boundary, boundary), which is no pair: empty
    Tally tally;
    std::uint32_t* out = nullptr;  // where the pair's next position goes
  };

  // 32 bytes each; a power of two.
  explicit TallyTable(std::size_t max_slots)
      : max_slots_(max_slots), slots_(std::min(kFirstSlots, max_slots)) {}

  // Begins a walk over what is left; false when nothing is.
  bool next_range() {
    first_ = std::exchange(end_, kNumHashes);
    std::fill(slots_.begin(), slots_.end(), Slot{});
    num_used_ = 0;
    return first_ < kNumHashes;
  }

  // In the first half of a walk: one occurrence more.
  void add(PairKey key, std::uint64_t count) {
    if (!is_in_range(key)) return;
    std::size_t place = find(key);
    if (slots_[place].key == 0) {
      // Half a range may still hold all that the table has: without a free slot, `find` has no end.
      while ((num_used_ + 1) * 2 > slots_.size()) {
        make_room();
        if (!is_in_range(key)) return;
      }
      place = find(key);
      slots_[place].key = key;
      ++num_used_;
    }
    slots_[place].tally.count += count;
    ++slots_[place].tally.num_positions;
  }

  // In the second half: the slot of a pair, or null for one of another walk.
  Slot* slot_of(PairKey key) noexcept { return is_in_range(key) ? &slots_[find(key)] : nullptr; }

  std::vector<Slot>& slots() noexcept { return slots_; }

 private:
  static constexpr std::size_t kFirstSlots = std::size_t{1} << 16;
  static constexpr std::uint64_t kNumHashes = std::uint64_t{1} << 32;

  static std::uint64_t hash_of(PairKey key) noexcept { return (key * kHashSeed.multiplier) >> 32; }
  bool is_in_range(PairKey key) const noexcept { return hash_of(key) - first_ < end_ - first_; }

  std::size_t find(PairKey key) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t index = hash_of(key) & mask;
    while (slots_[index].key != 0 && slots_[index].key != key) index = (index + 1) & mask;
    return index;
  }

  void make_room() {
    const bool may_grow = slots_.size() < max_slots_ || end_ - first_ == 1;
    if (!may_grow) end_ = first_ + (end_ - first_) / 2;
    const std::size_t num_slots = may_grow ? 2 * slots_.size() : slots_.size();
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(num_slots));
    num_used_ = 0;
    for (const Slot& slot : old) {
      if (slot.key == 0 || !is_in_range(slot.key)) continue;
      slots_[find(slot.key)] = slot;
      ++num_used_;
    }
  }

  std::size_t max_slots_;
  std::vector<Slot> slots_;
  std::size_t num_used_ = 0;
  std::uint64_t first_ = 0;  // the range
  std::uint64_t end_ = 0;
};

}  // namespace bpe
