// The pairs we follow: pair -> its count and the positions where it was seen.
//
//   counts_    | key, count | key, count | ...     open addressing, 16 bytes a slot, 4 a cache line
//   postings_  | slice      | slice      | ...     the same index; touched only when a pair leaves
//
// A pair leaves the table when it is merged or falls below the threshold: at 100,000 merges four in
// five have. What stands behind it moves up, so an index is valid until the next change.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/hash_seed.h"
#include "trainer/posting_pool.h"
#include "trainer/symbols.h"

namespace bpe {

class PairTable {
 public:
  using Slice = PostingPool::Slice;
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  explicit PairTable(PostingPool& pool) : pool_(&pool) { clear(); }

  void clear() {
    slots_.assign(kMinSlots, Slot{});
    postings_.assign(kMinSlots, Slice{});
    num_used_ = 0;
    set_shift();
  }

  std::size_t find(PairKey key) const noexcept {
    for (std::size_t index = home(key);; index = (index + 1) & (slots_.size() - 1)) {
      if (slots_[index].key == key) return index;
      if (slots_[index].key == kEmpty) return kNone;
    }
  }

  std::uint64_t count(PairKey key) const noexcept {
    const std::size_t index = find(key);
    return index == kNone ? 0 : slots_[index].count;
  }

  std::uint64_t count_at(std::size_t index) const noexcept { return slots_[index].count; }
  Slice postings_at(std::size_t index) const noexcept { return postings_[index]; }

  // The pair must not be in the table.
  void insert(PairKey key, std::uint64_t count, Slice postings) {
    if ((num_used_ + 1) * kMaxLoadOf > slots_.size() * kMaxLoad) grow();
    place(key, count, postings);
  }

  // Lowers the count; below `threshold` the pair is no longer followed. Does nothing when it is not
  // followed now.
  void subtract(PairKey key, std::uint64_t amount, std::uint64_t threshold) {
    const std::size_t index = find(key);
    if (index == kNone) return;
    if (slots_[index].count < amount) throw std::logic_error("a pair count fell below zero");
    slots_[index].count -= amount;
    if (slots_[index].count < threshold) pool_->release(take(index));
  }

  // Takes the pair out. Its positions belong to the caller, who releases them.
  Slice take(std::size_t index) noexcept {
    const Slice postings = postings_[index];
    close_gap(index);
    --num_used_;
    return postings;
  }

  // The pair's count, or that and where its postings are, travels to the cache.
  void prefetch_count(PairKey key) const noexcept { __builtin_prefetch(&slots_[home(key)]); }
  void prefetch(PairKey key) const noexcept {
    __builtin_prefetch(&slots_[home(key)]);
    __builtin_prefetch(&postings_[home(key)]);
  }

  // visit(key, count, postings) for every pair in the table.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].key != kEmpty) visit(slots_[i].key, slots_[i].count, postings_[i]);
    }
  }

 private:
  static constexpr std::size_t kMinSlots = std::size_t{1} << 12;
  static constexpr std::size_t kMaxLoad = 1, kMaxLoadOf = 2;  // at most 1 of 2 slots is occupied
  static constexpr PairKey kEmpty = 0;                        // (boundary, boundary) is no pair

  struct Slot {
    PairKey key = kEmpty;
    std::uint64_t count = 0;
  };

  std::size_t home(PairKey key) const noexcept {
    return static_cast<std::size_t>((key * multiplier_) >> shift_);
  }

  void set_shift() { shift_ = 64 - std::countr_zero(slots_.size()); }

  void place(PairKey key, std::uint64_t count, Slice postings) {
    std::size_t index = home(key);
    while (slots_[index].key != kEmpty) index = (index + 1) & (slots_.size() - 1);
    slots_[index] = {key, count};
    postings_[index] = postings;
    ++num_used_;
  }

  // Moves back what would not be found any more if walks to it ended at the gap.
  void close_gap(std::size_t gap) noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = gap;;) {
      at = (at + 1) & mask;
      if (slots_[at].key == kEmpty) break;
      if (((at - home(slots_[at].key)) & mask) < ((at - gap) & mask)) continue;
      slots_[gap] = slots_[at];
      postings_[gap] = postings_[at];
      gap = at;
    }
    slots_[gap] = {};
  }

  void grow() {
    const std::vector<Slot> old_slots = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    const std::vector<Slice> old_postings = std::move(postings_);
    postings_.resize(slots_.size());
    num_used_ = 0;
    set_shift();
    for (std::size_t i = 0; i < old_slots.size(); ++i) {
      if (old_slots[i].key != kEmpty) place(old_slots[i].key, old_slots[i].count, old_postings[i]);
    }
  }

  PostingPool* pool_;
  std::vector<Slot> slots_;
  std::vector<Slice> postings_;
  std::size_t num_used_ = 0;
  int shift_ = 0;
  std::uint64_t multiplier_ = kHashSeed.multiplier;
};

}  // namespace bpe
