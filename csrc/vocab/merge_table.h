// (left id, right id) -> (rank, new id): which two neighbours may merge, and how soon.
//
//   filter_   one bit a hash: most pairs that are asked for do not merge, and this little table
//             says so without touching the big one
//   slots_    | left : 21, right : 21, new id : 22 |  open addressing, at most half full; 0 is
//   empty wide_     | left, right | ~rank, new id |  the same in 16 bytes, for what does not fit in
//   8
//
// Half the bytes are worth having: the table is larger than the cache near the CPU. They suffice
// where larger ranks make larger ids, as in every published vocabulary: there the new id says all
// that the rank would.
#pragma once

#include <cstdint>
#include <span>

#include "base/zeroed_array.h"
#include "vocab/hash.h"

namespace bpe {

inline constexpr std::uint32_t kNoRank = 0xFFFFFFFF;

struct Merge {
  std::uint32_t rank = kNoRank;  // in the order of the ranks; kNoRank: this pair does not merge
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

  // Brings what `find` will read into the cache. Most pairs do not merge: for those it asks for the
  // first slot again, which is there.
  void prefetch(std::uint32_t left, std::uint32_t right) const noexcept {
    const std::uint64_t hash = hash_u64(pair_key(left, right));
    const std::size_t slot = may_contain(hash) ? hash & slot_mask_ : 0;
    if (wide_.size() == 0) {
      __builtin_prefetch(&slots_[slot]);
    } else {
      __builtin_prefetch(&wide_[slot]);
    }
  }

  Merge find(std::uint32_t left, std::uint32_t right) const noexcept {
    const std::uint64_t hash = hash_u64(pair_key(left, right));
    if (!may_contain(hash)) return {};
    return wide_.size() == 0 ? find_narrow(left, right, hash) : find_wide(left, right, hash);
  }

 private:
  static constexpr unsigned kIdBits = 21;
  static constexpr unsigned kNewIdBits = 64 - 2 * kIdBits;

  struct WideSlot {
    std::uint64_t key;
    std::uint32_t inverse_rank;  // 0: empty, which is kNoRank
    std::uint32_t new_id;
  };

  static std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) noexcept {
    return static_cast<std::uint64_t>(left) << 32 | right;
  }
  // The upper bits of a slot. No slot is 0, because no merge makes id 0 or its new id is not 0.
  static std::uint64_t narrow_key(std::uint32_t left, std::uint32_t right) noexcept {
    return (std::uint64_t{left} << kIdBits | right) << kNewIdBits;
  }
  bool may_contain(std::uint64_t hash) const noexcept {
    const std::uint64_t bit = (hash >> 32) & filter_mask_;
    return filter_[bit / 64] >> (bit % 64) & 1;
  }
  Merge find_narrow(std::uint32_t left, std::uint32_t right, std::uint64_t hash) const noexcept {
    const std::uint64_t key = narrow_key(left, right);
    for (std::size_t slot = hash & slot_mask_;; slot = (slot + 1) & slot_mask_) {
      const std::uint64_t rest = slots_[slot] ^ key;
      if (rest >> kNewIdBits == 0 && rest != 0) {
        return {static_cast<std::uint32_t>(rest), static_cast<std::uint32_t>(rest)};
      }
      if (slots_[slot] == 0) return {};
    }
  }
  Merge find_wide(std::uint32_t left, std::uint32_t right, std::uint64_t hash) const noexcept {
    const std::uint64_t key = pair_key(left, right);
    for (std::size_t slot = hash & slot_mask_;; slot = (slot + 1) & slot_mask_) {
      const WideSlot& found = wide_[slot];
      if (found.key == key || found.inverse_rank == 0) return {~found.inverse_rank, found.new_id};
    }
  }
  void insert_narrow(const MergeColumns& columns, std::size_t row);
  void insert_wide(const MergeColumns& columns, std::size_t row);
  void set_filter(std::uint64_t hash) noexcept;

  ZeroedArray<std::uint64_t> slots_;
  ZeroedArray<WideSlot> wide_;
  ZeroedArray<std::uint64_t> filter_;
  std::uint64_t slot_mask_ = 0;
  std::uint64_t filter_mask_ = 0;
};

}  // namespace bpe
