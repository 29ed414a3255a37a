// Merging few bytes: a small array, scanned for the smallest rank.
//
//   symbols_   | id, rank, new id | id, rank, new id | ...   the rank and the result of the merge
//              with the next one; kNoRank: none
//
// When a rank is the smallest, all pairs that have it are merged in one walk from left to right: so
// a run of one character takes as many walks as it has doublings. A merge that makes a pair of this
// rank or a smaller one ends the walk, for then the order could be another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "encoder/byte_pairs.h"
#include "vocab/vocabulary.h"

namespace bpe {

// Up to this length it beats a queue.
inline constexpr std::size_t kMaxScanBytes = 256;

// Not thread-safe; vocabulary and byte pairs must outlive it. 4 KB.
class ScanMerger {
 public:
  ScanMerger(const Vocabulary& vocabulary, const BytePairs& byte_pairs)
      : vocabulary_(vocabulary), byte_pairs_(byte_pairs) {}

  // The ids of 1 to kMaxScanBytes bytes by merges alone, valid until the next call. O(n) walks of
  // O(n) at worst, quick ones.
  std::span<const std::uint32_t> merge(std::string_view bytes);

 private:
  struct Symbol {
    std::uint32_t id;
    Merge merge;  // with the next one
  };

  void start(std::string_view bytes);
  void merge_one(std::size_t at);
  void merge_all_from(std::size_t at);
  Merge find(std::size_t left, std::size_t right) const noexcept {
    return vocabulary_.merges.find(symbols_[left].id, symbols_[right].id);
  }
  std::size_t find_smallest() const noexcept;

  const Vocabulary& vocabulary_;
  const BytePairs& byte_pairs_;
  std::size_t count_ = 0;
  std::array<Symbol, kMaxScanBytes> symbols_;
  std::array<std::uint32_t, kMaxScanBytes> ids_;  // the result
};

}  // namespace bpe
