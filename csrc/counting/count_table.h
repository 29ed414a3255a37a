// How often each distinct pretoken occurs: what counting makes and the trainer eats.
//
// Short pretokens and long ones live in two tables (short_table.h, long_table.h). The sum of all
// counts is kept at or below 2^63 - 1, so no single count can overflow either, and the counting
// loop has to check only once per batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "base/progress.h"
#include "counting/long_table.h"
#include "counting/short_table.h"

namespace bpe {

inline constexpr std::uint64_t kMaxTotalCount = std::numeric_limits<std::int64_t>::max();

// Not thread-safe; any number of threads may read. Movable, not copyable. Two tables with the same
// content may visit it in different orders: sort where the order matters.
class CountTable {
 public:
  // The number of distinct pretokens, and the sum of their counts.
  std::size_t size() const noexcept { return short_.size() + long_.size(); }
  std::uint64_t total() const noexcept { return total_; }

  // 0 when the pretoken does not occur.
  std::uint64_t count(std::string_view pretoken) const noexcept;

  // The memory the table takes, and the most it will have taken when so many pretokens more are in
  // it (the bytes of long ones not counted).
  std::size_t num_bytes() const noexcept { return short_.num_bytes() + long_.num_bytes(); }
  std::size_t num_bytes_with(std::size_t num_more) const noexcept {
    return short_.num_bytes_with(num_more) + long_.num_bytes_with(num_more);
  }
  // Of a table that has just grown; a short pretoken.
  static constexpr std::size_t kBytesPerPretoken = 64;

  // Calls visit(std::string_view pretoken, std::uint64_t count) for every pretoken, in no
  // particular order. The views are valid until the table changes.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each_part(0, 1, visit);
  }

  // The same for one of `num_parts` parts of about the same size, for as many threads.
  template <class Visit>
  void for_each_part(std::size_t part, std::size_t num_parts, Visit&& visit) const {
    short_.for_each_part(part, num_parts, [&](const PretokenKey& key, std::uint64_t count) {
      visit(key_bytes(key), count);
    });
    long_.for_each_part(part, num_parts,
                        [&](const LongSlot& slot) { visit(slot.bytes(), slot.count); });
  }

  // Room for about so many distinct pretokens, so that the table need not grow on the way.
  void reserve(std::size_t num_pretokens);

  // Adds `count` occurrences of a pretoken, which must not be empty. Throws Error(training), and
  // changes nothing, when the total would pass kMaxTotalCount.
  void add(std::string_view pretoken, std::uint64_t count);

  // Sends the slot that a pretoken will be looked for in towards the cache.
  void prefetch(std::string_view pretoken) const noexcept;

  // Adds every count of another table, which must not be this one. Throws like `add`, and changes
  // nothing then.
  void merge(const CountTable& other);

  // Adds every count of another table, which must not be this one, so many times (at least 1).
  // Throws like `merge`. Slower than that by a lookup each.
  void add_times(const CountTable& other, std::uint64_t times);

  // Makes room for a batch, and tells where its short pretokens will lie: valid until the table
  // changes in any other way than by counting that batch.
  SlotIndex begin_batch() {
    short_.make_room(kMaxBatchPretokens);
    return short_.index();
  }

  // Sends the slot of a long pretoken of the coming batch towards the cache.
  void prefetch(const LongSlot& entry) const noexcept { long_.prefetch_slot(entry); }

  // Adds every count of the others by several threads, and empties them. Throws like `add` when the
  // total would be too large, and Cancelled; all of them hold rubbish then.
  void join(std::span<CountTable> others, std::size_t num_threads, Progress& progress);

  // Adds one occurrence of each pretoken of a batch that was packed for this table; `longs` are
  // its long ones, each with a count of 1. Throws like `add`, and changes nothing then.
  void count_batch(const KeyBatch& batch, std::span<const LongSlot> longs);

 private:
  void check_total(std::uint64_t count, std::string_view pretoken) const;
  void merge_shorts(const ShortTable& other);
  void merge_longs(const LongTable& other);

  ShortTable short_;
  LongTable long_;
  std::uint64_t total_ = 0;
};

}  // namespace bpe
