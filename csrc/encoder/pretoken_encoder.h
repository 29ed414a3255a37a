// Pretokens to ids, a batch at a time, through the memos.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/progress.h"
#include "encoder/group_merger.h"
#include "encoder/id_buffer.h"
#include "encoder/long_memo.h"
#include "encoder/merge_pretoken.h"
#include "encoder/short_memo.h"
#include "encoder/tuning.h"
#include "pretokenizer/key_batch.h"
#include "pretokenizer/pretokenizer.h"
#include "vocab/vocabulary.h"

namespace bpe {

// The working memory of one thread (at most some 80 MB, see tuning.h). What it remembers changes
// how fast ids come, never which. Not thread-safe; the vocabulary must outlive it.
class PretokenEncoder {
 public:
  PretokenEncoder(const Vocabulary& vocabulary, const BytePairs& byte_pairs)
      : vocabulary_(vocabulary),
        merger_(vocabulary, byte_pairs),
        group_merger_(vocabulary, byte_pairs) {}

  // Makes ready for a text of this size.
  void expect_text(std::size_t num_bytes) { short_memo_.expect_text(num_bytes); }

  // Appends the ids of the pretokens text[0 .. ends[0]), text[ends[0] .. ends[1]), ... of which
  // there are at most kPretokenBatch; the last one ends at `total`, also if its end is kFarEnd.
  // Never reads past the end of the text.
  void encode_batch(std::string_view text, std::size_t total, std::span<const EndOffset> ends,
                    IdBuffer& out, const Progress& progress);

  // Appends the ids of one pretoken of any length.
  void encode(std::string_view pretoken, IdBuffer& out, const Progress& progress);

 private:
  void learn_from(std::size_t first);
  void merge_group();
  void remember(const PretokenKey& key, std::span<const std::uint32_t> ids);
  void encode_short(std::string_view pretoken, const PretokenKey& key, IdBuffer& out);
  void encode_long(std::string_view pretoken, IdBuffer& out, const Progress& progress);

  const Vocabulary& vocabulary_;
  PretokenMerger merger_;
  ShortMemo short_memo_;
  LongMemo long_memo_;
  KeyBatch batch_;
  GroupMerger group_merger_;
  std::array<PretokenKey, GroupMerger::kMaxGroup> group_;
  // Those of the batch that are not remembered, and their hashes.
  std::array<PretokenKey, kMaxBatchPretokens> unknown_;
  std::array<std::uint32_t, kMaxBatchPretokens> hashes_;
};

}  // namespace bpe
