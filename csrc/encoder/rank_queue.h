// What may merge in one long pretoken, smallest rank first, leftmost among equals.
//
//   ranks_     a heap of the ranks that have a list          (a few thousand at most)
//   lists_     for each rank its positions, ascending        3 -> 17 -> 240 ...
//   late_      a heap of what came too late for that         (rank, position)
//
// One heap of everything costs a walk through cold memory for each of a million entries. But
// entries come in order: at first from left to right, and then, while one rank is merged from left
// to right, so do the pairs that this makes. So nearly all of them go to the end of a list, and
// positions are visited from left to right too. The rest, about as many as have a second way to
// make a token, goes to late_, so that no input is worse than with the one heap: O(log n) an entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bpe {

// Not thread-safe. Memory: 8 bytes for each entry that is in it at one time, and what the ranks
// that were ever seen take (16 to 28 bytes each).
class RankQueue {
 public:
  struct Entry {
    std::uint32_t rank;
    std::uint32_t position;
  };

  // Call first, on an empty queue: about how many entries there will be. Few fit in the cache, and
  // then one heap, late_, is quicker than finding lists.
  void expect(std::size_t num_entries) noexcept { uses_lists_ = num_entries > kMaxHeapEntries; }

  void push(Entry entry);
  std::optional<Entry> pop();

  // Empties it and gives large memory back.
  void reset();

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  // Random letters: 300 bytes 15 % slower with lists, 1,000 3 %, 1,000,000 40 % faster.
  static constexpr std::size_t kMaxHeapEntries = 2048;

  struct Link {
    std::uint32_t position;
    std::uint32_t next;
  };
  struct List {
    std::uint32_t rank;
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };

  std::uint32_t list_of(std::uint32_t rank);
  void grow_index();
  std::uint32_t take_link(std::uint32_t position);
  Entry pop_list();
  Entry pop_late();

  std::vector<std::uint64_t> ranks_;  // rank << 32 | list
  std::vector<std::uint64_t> late_;   // rank << 32 | position
  std::vector<List> lists_;
  std::vector<std::uint32_t> index_;  // hash of a rank -> its list, open addressing
  std::vector<Link> links_;
  std::uint32_t free_links_ = kNone;
  bool uses_lists_ = true;
};

}  // namespace bpe
