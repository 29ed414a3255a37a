// One pretoken to ids: the definition of encoding.
//
// A pretoken that is itself a token becomes that token, if the vocabulary says so. Otherwise it
// starts as single bytes, and the two neighbours whose merge has the smallest rank, the leftmost
// among equals, become one token until no two neighbours merge.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "encoder/id_buffer.h"
#include "encoder/rank_queue.h"
#include "vocab/vocabulary.h"

namespace bpe {

// Up to this length a scan for the smallest rank over two small arrays beats a queue.
inline constexpr std::size_t kMaxScanBytes = 64;

// Holds the memory that long pretokens need, so that the next one finds it ready. Not thread-safe;
// the vocabulary must outlive it.
class PretokenMerger {
 public:
  explicit PretokenMerger(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  // Appends the ids of a pretoken. At most kMaxScanBytes bytes: O(n^2) on the stack. Longer:
  // O(n log n) time and some 28 bytes of memory for each byte, most of it given back afterwards.
  // Throws std::invalid_argument for 2^32 - 1 bytes or more, Cancelled when `progress` says so.
  void encode(std::string_view pretoken, IdBuffer& out, const Progress& progress);

  // The two ways to merge, for tests of their equality: whole_pretoken_first is not looked at.
  void merge_by_scan(std::string_view pretoken, IdBuffer& out) const;
  void merge_by_queue(std::string_view pretoken, IdBuffer& out, const Progress& progress);

 private:
  // A token in the linked list; `at` its first byte. `rank` and `new_id` are the merge with the
  // next.
  struct Node {
    std::uint32_t id, previous, next;
    Merge merge;
  };

  // Large memory goes back whether the pretoken was encoded or somebody pressed Ctrl-C.
  struct GiveBackOnExit {
    PretokenMerger& merger;
    ~GiveBackOnExit() { merger.give_back(); }
  };

  void link(std::string_view pretoken, const Progress& progress);
  void merge_all(const Progress& progress);
  void merge_with_next(std::uint32_t at);
  void update(std::uint32_t at);
  void push(std::uint32_t at);
  void append_ids(IdBuffer& out, const Progress& progress) const;
  void give_back();

  const Vocabulary& vocabulary_;
  std::vector<Node> nodes_;
  RankQueue queue_;  // may hold entries that are out of date
};

}  // namespace bpe
