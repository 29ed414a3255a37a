// Building the table of merges.
#include "vocab/merge_table.h"

#include <algorithm>
#include <string>

#include "base/errors.h"

namespace bpe {
namespace {

// 2^21 bits are 256 KB: small enough for the second-level cache, and one bit in nine is set for
// the 233,000 pairs of cl100k_base.
constexpr std::size_t kMaxFilterBits = std::size_t{1} << 21;
constexpr std::size_t kFilterBitsPerSlot = 8;

void check(const MergeColumns& columns) {
  const std::size_t rows = columns.left.size();
  if (columns.right.size() != rows || columns.new_id.size() != rows ||
      columns.rank.size() != rows) {
    throw Error(ErrorKind::vocabulary,
                "the columns of the merges differ in length: " + std::to_string(rows) + " left, " +
                    std::to_string(columns.right.size()) + " right, " +
                    std::to_string(columns.new_id.size()) + " new ids, " +
                    std::to_string(columns.rank.size()) + " ranks");
  }
  for (std::size_t row = 0; row < rows; ++row) {
    if (columns.rank[row] == kNoRank || (row > 0 && columns.rank[row] < columns.rank[row - 1])) {
      throw Error(ErrorKind::vocabulary, "merge " + std::to_string(row) + " has rank " +
                                             std::to_string(columns.rank[row]) +
                                             "; ranks ascend and are below 4294967295");
    }
  }
}

}  // namespace

MergeTable::MergeTable(const MergeColumns& columns) {
  check(columns);
  const std::size_t rows = columns.left.size();
  slots_ = ZeroedArray<Slot>(slots_for(rows));
  slot_mask_ = slots_.size() - 1;
  filter_ =
      ZeroedArray<std::uint64_t>(std::min(slots_.size() * kFilterBitsPerSlot, kMaxFilterBits) / 64);
  filter_mask_ = filter_.size() * 64 - 1;
  for (std::size_t row = 0; row < rows; ++row) {
    insert(pair_key(columns.left[row], columns.right[row]),
           {columns.rank[row], columns.new_id[row]});
  }
}

void MergeTable::insert(std::uint64_t key, Merge merge) {
  const std::uint64_t hash = hash_u64(key);
  std::size_t slot = hash & slot_mask_;
  while (slots_[slot].inverse_rank != 0) {
    if (slots_[slot].key == key) return;
    slot = (slot + 1) & slot_mask_;
  }
  slots_[slot] = {key, ~merge.rank, merge.new_id};
  const std::uint64_t bit = (hash >> 32) & filter_mask_;
  filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

}  // namespace bpe
