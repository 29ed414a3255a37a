// Which pairs stand where in the cells, and how often: the table of pairs, filled by a full count.
//
// Only pairs with a count of at least `threshold` are followed, because counts never rise: while
// the best pair reaches the threshold, the others cannot win. When it no longer does, lower the
// threshold and count again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/progress.h"
#include "trainer/cells.h"
#include "trainer/pair_table.h"
#include "trainer/posting_pool.h"
#include "trainer/symbols.h"

namespace bpe {

// 128 MB, for two million pairs. With more of them, cells are walked over more often.
inline constexpr std::size_t kMaxTallySlots = std::size_t{1} << 22;

// Length in bytes by symbol; 0 for the two special ones.
using TokenLengths = std::vector<std::uint32_t>;

class PairIndex {
 public:
  // Both must outlive the index.
  PairIndex(Cells& cells, const TokenLengths& lengths)
      : table(pool), cells_(&cells), lengths_(&lengths) {}
  PairIndex(const PairIndex&) = delete;
  PairIndex& operator=(const PairIndex&) = delete;

  std::uint64_t threshold = 1;
  std::uint64_t max_token_bytes = std::numeric_limits<std::uint64_t>::max();
  std::size_t max_tally_slots = kMaxTallySlots;  // of 32 bytes each, while all pairs are counted

  PostingPool pool;
  PairTable table;

  bool follows(PairKey pair, std::uint64_t count) const noexcept {
    const std::uint64_t length =
        std::uint64_t{(*lengths_)[left_of(pair)]} + (*lengths_)[right_of(pair)];
    return count >= threshold && length <= max_token_bytes;
  }

  // Adds a followed pair with room for `num_positions` and returns that room.
  PostingPool::Slice add(PairKey pair, std::uint64_t count, std::size_t num_positions) {
    const PostingPool::Slice positions = pool.allocate(num_positions);
    table.insert(pair, count, positions);
    return positions;
  }

  // For a pair that will be merged soon: first where its positions are, next the first of them,
  // then the cells there travel to the cache. In this order, one merge apart; key 0 is no pair.
  void prefetch_entry(PairKey pair) const noexcept {
    if (pair != 0) table.prefetch(pair);
  }
  void prefetch_positions(PairKey pair) const noexcept {
    const PostingPool::Slice positions = positions_of(pair);
    if (!positions.empty()) __builtin_prefetch(positions.data());
  }
  void prefetch_cells(PairKey pair) const noexcept {
    const PostingPool::Slice positions = positions_of(pair);
    cells_->with_view([&](const auto cells) {
      for (const Position p : positions.first(std::min<std::size_t>(positions.size(), 8))) {
        cells.prefetch(p);
      }
    });
  }

  // Counts again from nothing. O(cells); the first is for cells in which nothing is merged yet, and
  // takes 1.5 MB a thread.
  void count_byte_pairs(std::size_t num_threads, Progress& progress);
  void count_all_pairs(const Progress& progress);

 private:
  PostingPool::Slice positions_of(PairKey pair) const noexcept {
    const std::size_t entry = pair == 0 ? PairTable::kNone : table.find(pair);
    return entry == PairTable::kNone ? PostingPool::Slice{} : table.postings_at(entry);
  }

  Cells* cells_;
  const TokenLengths* lengths_;
};

}  // namespace bpe
