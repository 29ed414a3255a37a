// (left id, right id) -> (rank, new id): which two neighbours may merge, and how soon.
//
//   filter_   one bit a hash: most pairs that are asked for do not merge, and this little table
//             says so without touching the big one
//   slots_    | left, right | ~rank, new id |  open addressing, at most half full; zeros are empty
#pragma once

#include <cstdint>
#include <span>

#include "base/zeroed_array.h"
#include "vocab/hash.h"

namespace bpe {

inline constexpr std::uint32_t kNoRank = 0xFFFFFFFF;

struct Merge {
  std::uint32_t rank = kNoRank;  // kNoRank: this pair does not merge
  std::uint32_t new_id = 0;
};

struct MergeColumns {
  std::span<const std::uint32_t> left, right, new_id, rank;
};

// Immutable, safe to share. Look-up is O(1) expected, whatever the ids.
class MergeTable {
 public:
  // The columns are one merge a row, in rank order; of rows with the same pair the first counts.
  // Throws Error(vocabulary) for columns of different lengths and for a rank that is not one.
  explicit MergeTable(const MergeColumns& columns);

  Merge find(std::uint32_t left, std::uint32_t right) const noexcept {
    const std::uint64_t key = pair_key(left, right);
    const std::uint64_t hash = hash_u64(key);
    if (!may_contain(hash)) return {};
    for (std::size_t slot = hash & slot_mask_;; slot = (slot + 1) & slot_mask_) {
      const Slot& found = slots_[slot];
      if (found.key == key || found.inverse_rank == 0) return {~found.inverse_rank, found.new_id};
    }
  }

 private:
  struct Slot {
    std::uint64_t key;
    std::uint32_t inverse_rank;  // 0: empty, which is kNoRank
    std::uint32_t new_id;
  };

  static std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) noexcept {
    return static_cast<std::uint64_t>(left) << 32 | right;
  }
  bool may_contain(std::uint64_t hash) const noexcept {
    const std::uint64_t bit = (hash >> 32) & filter_mask_;
    return filter_[bit / 64] >> (bit % 64) & 1;
  }
  void insert(std::uint64_t key, Merge merge);

  ZeroedArray<Slot> slots_;
  ZeroedArray<std::uint64_t> filter_;
  std::uint64_t slot_mask_ = 0;
  std::uint64_t filter_mask_ = 0;
};

}  // namespace bpe
