// The merges of two single bytes, with which every pretoken begins: a table instead of a search.
//
//   rows_     which merge of bytes 0 and 0, 0 and 1, ... 255 and 255; 0: none; 128 KB
//
//   merges_   | rank, new id |   of none, then of the pairs that merge: a few thousand
//
// Random bytes touch all of it, so it is worth fitting in the second-level cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vocab/vocabulary.h"

namespace bpe {

// Immutable, safe to share. Look-up is two loads.
class BytePairs {
 public:
  explicit BytePairs(const Vocabulary& vocabulary) : rows_(kRows), merges_(1) {
    for (std::size_t row = 0; row < kRows; ++row) {
      const Merge merge =
          vocabulary.merges.find(vocabulary.byte_ids[row / 256], vocabulary.byte_ids[row % 256]);
      if (merge.rank == kNoRank) continue;
      rows_[row] = static_cast<std::uint16_t>(merges_.size());
      merges_.push_back(merge);
    }
  }

  Merge find(char left, char right) const noexcept {
    return merges_[rows_[256 * std::size_t{static_cast<unsigned char>(left)} +
                         static_cast<unsigned char>(right)]];
  }

 private:
  static constexpr std::size_t kRows = 256 * 256;

  std::vector<std::uint16_t> rows_;
  std::vector<Merge> merges_;
};

}  // namespace bpe
