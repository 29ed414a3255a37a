// Makes one merge: replaces a pair everywhere and brings the counts of its neighbours up to date.
//
// Merging (a, b) into z changes four families of pairs, each named by one neighbour:
//
//      ... x [a b] y ...   ->   ... x z y ...        (x,a) and (b,y) lose, (x,z) and (z,y) gain
//
// so two arrays indexed by symbol, one of left and one of right neighbours, take all of it, and the
// table of pairs is touched once a distinct neighbour instead of once an occurrence. Occurrences
// that touch (a b a b) need no case of their own: going left to right, the second one has z as its
// left neighbour. What it adds to left[z] is the count of (z,z), and is taken back from (z,a),
// where the first one had put it. Runs (a = b) obey the same rule, greedily, because positions
// ascend; their pair (a,a) itself is gone from the table before it could be lowered.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.h"
#include "trainer/cells.h"
#include "trainer/pair_index.h"
#include "trainer/symbols.h"

namespace bpe {

class PairMerger {
 public:
  struct NewPair {
    PairKey pair;
    std::uint64_t count;
  };

  // All three must outlive the merger. There will never be more than `max_symbols`.
  PairMerger(Cells& cells, TokenLengths& lengths, PairIndex& index, std::size_t max_symbols)
      : cells_(&cells),
        lengths_(&lengths),
        index_(&index),
        left_(max_symbols),
        right_(max_symbols) {}

  // Gives the next symbol to the pair and replaces the pair wherever the index knows it. Returns
  // one position where it now stands, or 0 if it stood nowhere. O(postings of the pair).
  Position merge(PairKey pair, const Progress& progress);

  // The pairs that the last merge brought into the index, in no particular order.
  std::span<const NewPair> new_pairs() const noexcept { return new_pairs_; }

 private:
  template <class Stored>
  struct Neighbours {
    Stored left;
    Stored right;
  };
  template <class View>
  using Log = std::vector<Neighbours<typename View::Stored>>;

  // What a merge does to the pairs with one kind of neighbour.
  class Side {
   public:
    explicit Side(std::size_t max_symbols) : max_symbols_(max_symbols) {}
    void make_room(std::size_t num_symbols);
    void add(Symbol neighbour, std::uint64_t count) noexcept;
    std::span<const Symbol> touched() const noexcept { return {touched_.data(), num_touched_}; }
    void clear() noexcept;

    struct Change {
      std::uint64_t count = 0;
      std::uint32_t num_positions = 0;
    };
    std::vector<Change> changes;
    std::vector<std::uint32_t*> out;  // where the new pair's next position goes; null: not followed

   private:
    std::size_t max_symbols_;
    std::vector<Symbol> touched_;
    std::size_t num_touched_ = 0;
  };

  template <class View>
  std::size_t replace(View cells, PostingPool::Slice positions, PairKey pair, Symbol merged,
                      Log<View>& log, const Progress& progress);
  void lower_old_pairs(PairKey pair);
  void add_new_pairs(PairKey pair, Symbol merged);
  void add_new_pair(PairKey pair, const Side::Change& change, std::uint32_t*& out);
  template <class AnyLog>
  void write_positions(PostingPool::Slice hits, PairKey pair, Symbol merged, const AnyLog& log,
                       const Progress& progress);
  auto& log_for(const NarrowCells&) noexcept { return narrow_log_; }
  auto& log_for(const WideCells&) noexcept { return wide_log_; }

  Cells* cells_;
  TokenLengths* lengths_;
  PairIndex* index_;
  Side left_;
  Side right_;
  std::vector<NewPair> new_pairs_;
  Log<NarrowCells> narrow_log_;
  Log<WideCells> wide_log_;
};

}  // namespace bpe
