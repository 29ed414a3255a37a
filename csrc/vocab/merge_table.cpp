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

// How far ahead the slots of a table under construction are fetched.
constexpr std::size_t kPrefetchRows = 16;

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
  if (rows >> kRankBits != 0) {
    throw Error(ErrorKind::vocabulary, "a vocabulary of " + std::to_string(rows) +
                                           " merges is too large; the limit is " +
                                           std::to_string((std::size_t{1} << kRankBits) - 1));
  }
  for (std::size_t row = 0; row < rows; ++row) {
    if (columns.rank[row] == kNoRank || (row > 0 && columns.rank[row] < columns.rank[row - 1])) {
      throw Error(ErrorKind::vocabulary, "merge " + std::to_string(row) + " has rank " +
                                             std::to_string(columns.rank[row]) +
                                             "; ranks ascend and are below 4294967295");
    }
  }
}

// Whether ids fit and the new ids are in the order of the ranks.
bool fits_narrow(const MergeColumns& columns, std::uint32_t num_ids) {
  for (std::size_t row = 0; row < columns.left.size(); ++row) {
    if (columns.new_id[row] == 0 || columns.new_id[row] >= num_ids ||
        columns.left[row] >= num_ids || columns.right[row] >= num_ids) {
      return false;
    }
    if (row == 0) continue;
    const bool same_rank = columns.rank[row] == columns.rank[row - 1];
    const bool same_id = columns.new_id[row] == columns.new_id[row - 1];
    if (same_rank != same_id || columns.new_id[row] < columns.new_id[row - 1]) return false;
  }
  return true;
}

}  // namespace

MergeTable::MergeTable(const MergeColumns& columns) {
  check(columns);
  const std::size_t rows = columns.left.size();
  const std::size_t num_slots = slots_for(rows);
  slot_mask_ = num_slots - 1;
  filter_ =
      ZeroedArray<std::uint64_t>(std::min(num_slots * kFilterBitsPerSlot, kMaxFilterBits) / 64);
  filter_mask_ = filter_.size() * 64 - 1;
  if (fits_narrow(columns, (std::uint32_t{1} << kIdBits) - 1)) {
    slots_ = ZeroedArray<std::uint64_t>(num_slots);
    for (std::size_t row = 0; row < rows; ++row) {
      if (row + kPrefetchRows < rows) {
        const std::size_t ahead = row + kPrefetchRows;
        const std::uint64_t hash = hash_u64(pair_key(columns.left[ahead], columns.right[ahead]));
        __builtin_prefetch(slots_.data() + (hash & slot_mask_), 1);
      }
      insert_narrow(columns, row);
    }
  } else {
    wide_ = ZeroedArray<WideSlot>(num_slots);
    std::uint32_t rank = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      rank += row > 0 && columns.rank[row] != columns.rank[row - 1];
      insert_wide(columns, row, rank);
    }
  }
}

// From the second slot on, which holds another pair.
Merge MergeTable::find_further(std::size_t slot, std::uint64_t key) const noexcept {
  do {
    slot = (slot + 1) & slot_mask_;
    const std::uint64_t rest = rest_of(slot, key);
    if (is_id(rest)) return {static_cast<std::uint32_t>(rest), static_cast<std::uint32_t>(rest)};
  } while (slots_[slot] != 0);
  return {};
}

void MergeTable::insert_narrow(const MergeColumns& columns, std::size_t row) {
  const std::uint64_t hash = hash_u64(pair_key(columns.left[row], columns.right[row]));
  const std::uint64_t key = narrow_key(columns.left[row], columns.right[row]);
  std::size_t slot = hash & slot_mask_;
  while (slots_[slot] != 0) {
    if ((slots_[slot] ^ key) >> kNewIdBits == 0) return;
    slot = (slot + 1) & slot_mask_;
  }
  slots_[slot] = key | columns.new_id[row];
  set_filter(hash);
}

void MergeTable::insert_wide(const MergeColumns& columns, std::size_t row, std::uint32_t rank) {
  const std::uint64_t key = pair_key(columns.left[row], columns.right[row]);
  const std::uint64_t hash = hash_u64(key);
  std::size_t slot = hash & slot_mask_;
  while (wide_[slot].inverse_rank != 0) {
    if (wide_[slot].key == key) return;
    slot = (slot + 1) & slot_mask_;
  }
  wide_[slot] = {key, ~rank, columns.new_id[row]};
  set_filter(hash);
}

void MergeTable::set_filter(std::uint64_t hash) noexcept {
  const std::uint64_t bit = (hash >> 32) & filter_mask_;
  filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

}  // namespace bpe
