// Merging several short pretokens in step, so that they wait for memory together.
//
//   place     0   1   2   3   4   5   6 ... 16
//   id        -   t   h   e   r   e   -          a merged symbol stands where its first byte stood
//   alive     1   1   0   1   1   0   1          after "th" and "re"; both ends always are
//   order         rank << 4 | place              of the merge with the next one alive; the smallest
//                                                is next
//
// Each merge asks the table of merges for two pairs, far apart in memory. One pretoken after the
// other would wait for each of them; here every pretoken of a group makes one merge and asks for
// what it needs next, and by the time its turn comes again the answer is there. Nobody can foresee
// which place is next, whether it has neighbours and whether these merge, so there is no jump on
// any of it: the ends have neighbours that merge with nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/pretoken_key.h"
#include "encoder/byte_pairs.h"
#include "vocab/vocabulary.h"

namespace bpe {

// Not thread-safe; vocabulary and byte pairs must outlive it. 8 KB.
class GroupMerger {
 public:
  static constexpr std::size_t kMaxGroup = 24;

  GroupMerger(const Vocabulary& vocabulary, const BytePairs& byte_pairs)
      : vocabulary_(vocabulary), byte_pairs_(byte_pairs) {}

  // Starts a new group.
  void clear() noexcept { size_ = 0; }
  std::size_t size() const noexcept { return size_; }

  // Adds a pretoken to the group, which must not be full.
  void add(const PretokenKey& key);

  // Merges all; at most 14 steps of a merge for each.
  void merge();

  // What pretoken `i` of the group became; valid until the group is cleared.
  std::span<const std::uint32_t> ids(std::size_t i) noexcept;

 private:
  static constexpr unsigned kPlaceBits = 4;
  static constexpr std::size_t kPlaces = std::size_t{1} << kPlaceBits;  // without the right end
  static_assert(kMaxKeyBytes < kPlaces && kRankBits + kPlaceBits <= 32);

  struct alignas(64) Word {
    std::array<std::int32_t, kPlaces> order;  // less 2^31: small sets of instructions compare signs
    std::array<std::uint32_t, kPlaces> new_id;
    std::array<std::uint32_t, kPlaces + 1> id;
    std::uint32_t alive;                  // one bit a place
    std::uint32_t previous, place, next;  // where the last merge was
    std::size_t left_home, right_home;    // of the pairs that it made
  };

  void set(Word& word, unsigned place, Merge merge) noexcept;
  bool merge_one(Word& word) noexcept;
  void look_up(Word& word) noexcept;

  const Vocabulary& vocabulary_;
  const BytePairs& byte_pairs_;
  std::size_t size_ = 0;
  std::array<Word, kMaxGroup> words_;
};

}  // namespace bpe
