// The pairs in the order they will be merged: by count, then by the tie rule.
//
//   count >= 65,536   a heap of (count, pair)
//   count <  65,536   one bucket a count; only the bucket being served is ordered
//
// The bucket being served is a heap, and its best pairs have been taken out of it in order: so the
// next pairs are known some merges ahead (upcoming), and what they need can be fetched meanwhile.
//
// A pair stands in the queue once, under a count it had at some time. Counts only fall, so a pair
// that turns out to be smaller when it is met is put back under its present count: that is exact.
// A new pair never counts more than the pair whose merge made it, so served buckets stay served.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <vector>

#include "trainer/symbols.h"

namespace bpe {

template <class Order>
class PairQueue {
 public:
  struct Entry {
    std::uint64_t count;
    PairKey pair;
  };

  // Pairs that count less than `threshold` (at least 1) are not kept.
  PairQueue(Order order, std::uint64_t threshold)
      : order_(order), threshold_(threshold), buckets_(kNumBuckets) {}

  void push(PairKey pair, std::uint64_t count) {
    if (count < threshold_) return;
    if (count >= kNumBuckets) {
      large_.push_back({count, pair});
      std::push_heap(large_.begin(), large_.end(), large_order());
    } else if (count == level_) {
      served_.push_back(pair);
      std::push_heap(served_.begin(), served_.end(), served_order());
    } else {
      buckets_[count].push_back(pair);
    }
  }

  // Takes the best pair out. count_of(pair) is its present count, 0 if it is gone.
  template <class CountOf>
  std::optional<Entry> pop(CountOf&& count_of) {
    if (const auto entry = pop_large(count_of)) return entry;
    do {
      if (const auto entry = pop_served(count_of)) return entry;
    } while (serve_next_bucket(count_of));
    return std::nullopt;
  }

  // A pair that will probably be taken that many pops from now; 0 if none is known.
  PairKey upcoming(std::size_t pops) const noexcept {
    return pops < next_.size() ? next_[next_.size() - 1 - pops] : 0;
  }

 private:
  static constexpr std::uint64_t kNumBuckets = 1 << 16;
  static constexpr std::ptrdiff_t kNumNext = 64;

  // std::push_heap keeps the largest in front, "less" being "does not win".
  auto large_order() const {
    return [this](const Entry& a, const Entry& b) {
      return a.count != b.count ? a.count < b.count : order_.wins(b.pair, a.pair);
    };
  }
  auto served_order() const {
    return [this](PairKey a, PairKey b) { return order_.wins(b, a); };
  }

  template <class CountOf>
  std::optional<Entry> pop_large(CountOf& count_of) {
    while (!large_.empty()) {
      std::pop_heap(large_.begin(), large_.end(), large_order());
      const Entry entry = large_.back();
      large_.pop_back();
      const std::uint64_t count = count_of(entry.pair);
      if (count == entry.count) return entry;
      push(entry.pair, count);
    }
    return std::nullopt;
  }

  template <class CountOf>
  std::optional<Entry> pop_served(CountOf& count_of) {
    while (!served_.empty() || !next_.empty()) {
      const PairKey pair = take_served();
      const std::uint64_t count = count_of(pair);
      if (count == level_) return Entry{count, pair};
      push(pair, count);
    }
    return std::nullopt;
  }

  // A pair that came into the heap meanwhile may win against those taken out before.
  PairKey take_served() {
    if (next_.empty()) take_next();
    const bool from_heap = !served_.empty() && order_.wins(served_.front(), next_.back());
    if (from_heap) std::pop_heap(served_.begin(), served_.end(), served_order());
    std::vector<PairKey>& from = from_heap ? served_ : next_;
    const PairKey pair = from.back();
    from.pop_back();
    return pair;
  }

  void take_next() {
    const auto first = served_.end() - std::min<std::ptrdiff_t>(kNumNext, std::ssize(served_));
    for (auto end = served_.end(); end != first; --end) {
      std::pop_heap(served_.begin(), end, served_order());
    }
    next_.assign(first, served_.end());
    served_.erase(first, served_.end());
  }

  template <class CountOf>
  bool serve_next_bucket(CountOf& count_of) {
    do {
      if (level_ <= threshold_) return false;
      --level_;
    } while (buckets_[level_].empty());
    std::vector<PairKey> bucket;
    bucket.swap(buckets_[level_]);
    for (const PairKey pair : bucket) {
      const std::uint64_t count = count_of(pair);
      if (count == level_) {
        served_.push_back(pair);
      } else {
        push(pair, count);
      }
    }
    std::make_heap(served_.begin(), served_.end(), served_order());
    return true;
  }

  Order order_;
  std::uint64_t threshold_;
  std::uint64_t level_ = kNumBuckets;
  std::vector<Entry> large_;
  std::vector<PairKey> served_;  // a heap
  std::vector<PairKey> next_;    // the best one last
  std::vector<std::vector<PairKey>> buckets_;
};

}  // namespace bpe
