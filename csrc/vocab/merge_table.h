// (left id, right id) -> (rank, new id): which two neighbours may merge, and how soon.
//
//   filter_   one bit a hash: most pairs that are asked for do not merge, and this little table
//             says so without touching the big one
//
//   slots_    | left : 21, right : 21, new id : 22 |   open addressing, half full at most; 0: empty
//
//   wide_     | left, right | ~rank, new id |   the same in 16 bytes, for what does not fit in 8
//
// Half the bytes are worth having: the table is larger than the cache near the CPU. They suffice
// where larger ranks make larger ids, as in every published vocabulary: there the new id says all
// that the rank would.
//
// Who asks for one pair asks the filter first and waits for no slot; that jump is often foreseen
// wrongly, but the work behind it goes on meanwhile. Who asks for many fetches their slots and
// compares two of them in any case: no jump, and no filter, which would have to be waited for too.
#pragma once

#include <cstdint>
#include <span>

#include "base/zeroed_array.h"
#include "vocab/hash.h"

namespace bpe {

inline constexpr std::uint32_t kNoRank = 0xFFFFFFFF;
// Ranks are numbered anew, without gaps, so that a rank and a place fit in 32 bits.
inline constexpr unsigned kRankBits = 28;
// The neighbour of a token that has none: no table has a merge with it.
inline constexpr std::uint32_t kNoId = 0xFFFFFFFF;

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

  Merge find(std::uint32_t left, std::uint32_t right) const noexcept {
    const std::uint64_t hash = hash_u64(pair_key(left, right));
    if (!may_contain(hash)) return {};
    return find_from(hash & slot_mask_, left, right);
  }

  // The same in two steps, with a prefetch between them, for who asks for several pairs.
  std::size_t home_of(std::uint32_t left, std::uint32_t right) const noexcept {
    return hash_u64(pair_key(left, right)) & slot_mask_;
  }
  void prefetch(std::size_t home) const noexcept {
    wide_.size() == 0 ? __builtin_prefetch(slots_.data() + home)
                      : __builtin_prefetch(wide_.data() + home);
  }
  Merge find_from(std::size_t home, std::uint32_t left, std::uint32_t right) const noexcept {
    return wide_.size() == 0 ? find_narrow(home, left, right) : find_wide(home, left, right);
  }

 private:
  static constexpr unsigned kIdBits = 21;
  static constexpr unsigned kNewIdBits = 64 - 2 * kIdBits;
  static constexpr std::uint64_t kMaxNewId = (std::uint64_t{1} << kNewIdBits) - 1;

  struct WideSlot {
    std::uint64_t key;
    std::uint32_t inverse_rank;  // 0: empty, which is kNoRank
    std::uint32_t new_id;
  };

  static std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) noexcept {
    return static_cast<std::uint64_t>(left) << 32 | right;
  }
  // The upper bits of a slot. No slot is 0, because no new id is. Where an id is kNoId, all bits of
  // its field are set: such an id does not occur.
  static std::uint64_t narrow_key(std::uint32_t left, std::uint32_t right) noexcept {
    return (std::uint64_t{left} << kIdBits | right) << kNewIdBits;
  }
  bool may_contain(std::uint64_t hash) const noexcept {
    const std::uint64_t bit = (hash >> 32) & filter_mask_;
    return filter_[bit / 64] >> (bit % 64) & 1;
  }
  // What a slot holds besides the key when it holds that key; else 0 or more than any id.
  std::uint64_t rest_of(std::size_t slot, std::uint64_t key) const noexcept {
    return slots_[slot] ^ key;
  }
  static bool is_id(std::uint64_t rest) noexcept { return rest - 1 < kMaxNewId; }

  Merge find_narrow(std::size_t home, std::uint32_t left, std::uint32_t right) const noexcept {
    const std::uint64_t key = narrow_key(left, right);
    const std::uint64_t first = rest_of(home, key);
    const std::size_t next = (home + 1) & slot_mask_;
    const std::uint64_t second = rest_of(next, key);
    const std::uint64_t rest = is_id(first) ? first : second;
    if (!is_id(rest) && slots_[home] != 0 && slots_[next] != 0) [[unlikely]] {
      return find_further(next, key);
    }
    const auto new_id = static_cast<std::uint32_t>(rest);
    return {is_id(rest) ? new_id : kNoRank, new_id};
  }
  Merge find_wide(std::size_t home, std::uint32_t left, std::uint32_t right) const noexcept {
    const std::uint64_t key = pair_key(left, right);
    for (std::size_t slot = home;; slot = (slot + 1) & slot_mask_) {
      const WideSlot& found = wide_[slot];
      if (found.key == key || found.inverse_rank == 0) return {~found.inverse_rank, found.new_id};
    }
  }
  Merge find_further(std::size_t slot, std::uint64_t key) const noexcept;
  void insert_narrow(const MergeColumns& columns, std::size_t row);
  void insert_wide(const MergeColumns& columns, std::size_t row, std::uint32_t rank);
  void set_filter(std::uint64_t hash) noexcept;

  ZeroedArray<std::uint64_t> slots_;
  ZeroedArray<WideSlot> wide_;
  ZeroedArray<std::uint64_t> filter_;
  std::uint64_t slot_mask_ = 0;
  std::uint64_t filter_mask_ = 0;
};

}  // namespace bpe
