// One pretoken to ids: the definition of encoding.
//
// A pretoken that is itself a token becomes that token, if the vocabulary says so. Otherwise it
// starts as single bytes, and the two neighbours whose merge has the smallest rank, the leftmost
// among equals, become one token until no two neighbours merge.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "encoder/id_buffer.h"
#include "encoder/rank_queue.h"
#include "encoder/scan_merger.h"
#include "encoder/window_merger.h"
#include "vocab/vocabulary.h"

namespace bpe {

// Up to this length there is one window.
inline constexpr std::size_t kMaxOneScan = 64;
static_assert(kMaxOneScan <= kMaxScanBytes);

// Holds the memory that long pretokens need, so that the next one finds it ready. Not thread-safe;
// what it is made of must outlive it.
class PretokenMerger {
 public:
  PretokenMerger(const Vocabulary& vocabulary, const BytePairs& byte_pairs)
      : vocabulary_(vocabulary), scan_(vocabulary, byte_pairs), windows_(vocabulary, scan_) {}

  // Appends the ids of a pretoken. O(n) time and O(1) memory where windows of it tell what its
  // tokens are; else O(n log n) time and some 28 bytes of memory for each byte, most of it given
  // back afterwards. Throws std::invalid_argument for 2^32 - 1 bytes or more that need the latter,
  // Cancelled when `progress` says so.
  void encode(std::string_view pretoken, IdBuffer& out, const Progress& progress);

  // The ids of at most kMaxOneScan bytes, a pretoken or a piece of one, valid until the next call.
  std::span<const std::uint32_t> encode_short(std::string_view bytes, bool piece);

  // Like encode, but by merges alone, also where whole_pretoken_first.
  void merge(std::string_view bytes, IdBuffer& out, const Progress& progress);

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

  void merge_by_queue(std::string_view pretoken, IdBuffer& out, const Progress& progress);
  void link(std::string_view pretoken, const Progress& progress);
  void merge_all(const Progress& progress);
  void merge_with_next(std::uint32_t at);
  void update(std::uint32_t at);
  void push(std::uint32_t at);
  void append_ids(IdBuffer& out, const Progress& progress) const;
  void give_back();

  const Vocabulary& vocabulary_;
  ScanMerger scan_;
  WindowMerger windows_;
  std::uint32_t whole_ = 0;  // the only id of a pretoken that is a token
  std::vector<Node> nodes_;
  RankQueue queue_;  // may hold entries that are out of date
};

}  // namespace bpe
