// The merges of two single bytes, with which every pretoken begins: a table instead of a search.
//
//   rows_   | rank, new id | of byte 0 and byte 0, of 0 and 1, ... of 255 and 255: 512 KB, of which
//           text uses few lines
#pragma once

#include <cstddef>
#include <vector>

#include "vocab/vocabulary.h"

namespace bpe {

// Immutable, safe to share. Look-up is one load.
class BytePairs {
 public:
  explicit BytePairs(const Vocabulary& vocabulary) : rows_(std::size_t{256} * 256) {
    for (std::size_t left = 0; left < 256; ++left) {
      for (std::size_t right = 0; right < 256; ++right) {
        rows_[256 * left + right] =
            vocabulary.merges.find(vocabulary.byte_ids[left], vocabulary.byte_ids[right]);
      }
    }
  }

  Merge find(char left, char right) const noexcept {
    return rows_[256 * std::size_t{static_cast<unsigned char>(left)} +
                 static_cast<unsigned char>(right)];
  }

 private:
  std::vector<Merge> rows_;
};

}  // namespace bpe
