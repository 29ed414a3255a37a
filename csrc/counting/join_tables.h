// Adds up the tables of several threads, by several threads, in place.
//
// Homes are ordered like hashes, so a range of hashes is a stretch of slots in every table. Each
// thread takes a range and moves what the other tables have there into the same stretch of the
// first one. Nobody else writes there, and nothing needs new memory. The few keys whose walk would
// cross into the next stretch are put aside and added at the end.
//
//   hashes      0 ------------- 1/4 ------------ 1/2 ------------ 3/4 -------------
//   first       |  A    B  C     |  D     E       |     F G        |   H    I      |   8 slots wide
//   other       | A  B  | D J | F  | H I |          its part of A..C goes to the first stretch, ...
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/threads.h"
#include "counting/slot_table.h"

namespace bpe {

inline constexpr std::size_t kRangesPerThread = 8;  // a slow core shall not keep the others waiting
inline constexpr std::size_t kMinSlotsOfRange = 1024;
inline constexpr std::size_t kSampleKeys = std::size_t{1} << 15;  // enough for a percent or so

// Range number `index` of `count`, a power of two.
inline HashRange hash_range(std::size_t index, std::size_t count) noexcept {
  const std::uint64_t width = (std::uint64_t{1} << 32) / count;
  return {static_cast<std::uint32_t>(index * width),
          static_cast<std::uint32_t>((index + 1) * width - 1)};
}

// About how many distinct keys the tables have together: all are known from those of some hashes.
template <class Slot>
std::size_t estimate_union(const SlotTable<Slot>& into, std::span<SlotTable<Slot>* const> others) {
  std::size_t sum = into.size();
  for (const SlotTable<Slot>* other : others) sum += other->size();
  if (others.empty() || sum < kSampleKeys) return sum;
  const std::size_t share = std::bit_ceil(sum / kSampleKeys);
  const HashRange range = hash_range(share / 2, share);
  std::vector<std::uint64_t> sample;
  const auto add = [&](const Slot& slot) { sample.push_back(slot.fingerprint()); };
  into.for_each_in(range, add);
  for (const SlotTable<Slot>* other : others) other->for_each_in(range, add);
  std::sort(sample.begin(), sample.end());
  const auto end = std::unique(sample.begin(), sample.end());
  const std::size_t estimate = static_cast<std::size_t>(end - sample.begin()) * share;
  return std::min(sum, estimate + estimate / 32);
}

// One range of one table into another. What does not fit comes into `left_over`.
template <class Slot>
class RangeMover {
 public:
  RangeMover(SlotTable<Slot>& into, std::size_t limit, std::size_t quota)
      : into_(into), limit_(limit), quota_(quota) {}

  void move(const SlotTable<Slot>& from, HashRange range) {
    from.for_each_in(range, [&](const Slot& slot) {
      slot.prefetch();
      waiting_[num_waiting_++] = &slot;
      if (num_waiting_ == waiting_.size()) flush();
    });
    flush();
  }

  std::size_t num_new() const noexcept { return num_new_; }
  const std::vector<Slot>& left_over() const noexcept { return left_over_; }

 private:
  void flush() {
    for (std::size_t i = 0; i < num_waiting_; ++i) into_.home_of(*waiting_[i]).prefetch();
    for (std::size_t i = 0; i < num_waiting_; ++i) {
      if (num_new_ == quota_ || !into_.add_left_of(limit_, *waiting_[i], num_new_)) {
        left_over_.push_back(*waiting_[i]);
      }
    }
    num_waiting_ = 0;
  }

  SlotTable<Slot>& into_;
  const std::size_t limit_;  // the first slot of the next range
  const std::size_t quota_;  // so many new keys may come
  std::array<const Slot*, 32> waiting_;
  std::size_t num_waiting_ = 0;
  std::size_t num_new_ = 0;
  std::vector<Slot> left_over_;
};

// Adds everything in the others to `into`.
template <class Slot>
void join_tables(SlotTable<Slot>& into, std::span<SlotTable<Slot>* const> others,
                 std::size_t num_threads, Progress& progress) {
  if (others.empty()) return;
  const std::size_t num_distinct = estimate_union<Slot>(into, others);
  if (num_distinct > into.size()) into.make_room(num_distinct - into.size());
  if (into.capacity() == 0) return;
  const std::size_t num_ranges = std::bit_floor(
      std::clamp<std::size_t>(into.capacity() / kMinSlotsOfRange, 1,
                              num_threads == 1 ? 1 : kRangesPerThread * num_threads));
  std::vector<RangeMover<Slot>> movers;
  for (std::size_t i = 0; i < num_ranges; ++i) {
    const std::size_t limit = into.capacity() / num_ranges * (i + 1);
    movers.emplace_back(into, limit, into.room() / num_ranges);
  }
  std::atomic<std::size_t> next{0};
  run_in_threads(std::min(num_threads, num_ranges), progress, [&](std::size_t) {
    for (std::size_t i; (i = next.fetch_add(1)) < num_ranges;) {
      for (const SlotTable<Slot>* other : others) {
        progress.check();
        movers[i].move(*other, hash_range(i, num_ranges));
      }
    }
  });
  for (const RangeMover<Slot>& mover : movers) into.count_new(mover.num_new());
  for (const RangeMover<Slot>& mover : movers) {
    for (const Slot& slot : mover.left_over()) {
      into.make_room(1);
      into.add(slot);
    }
  }
}

}  // namespace bpe
