// Pretokens to ids, a batch at a time, through the memos.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/progress.h"
#include "encoder/frozen_pretokens.h"
#include "encoder/group_merger.h"
#include "encoder/id_buffer.h"
#include "encoder/long_memo.h"
#include "encoder/merge_pretoken.h"
#include "encoder/short_memo.h"
#include "encoder/tuning.h"
#include "encoder/vocabulary_cuts.h"
#include "pretokenizer/key_batch.h"
#include "pretokenizer/pretokenizer.h"
#include "vocab/vocabulary.h"

namespace bpe {

// The working memory of one thread: at most some 80 MB, see tuning.h. What it remembers changes
// how fast ids come, never which. Not thread-safe; what it is made of must outlive it.
class PretokenEncoder {
 public:
  PretokenEncoder(const Vocabulary& vocabulary, const BytePairs& byte_pairs, const LazyCuts& cuts)
      : vocabulary_(vocabulary),
        lazy_cuts_(cuts),
        merger_(vocabulary, byte_pairs),
        group_merger_(vocabulary, byte_pairs) {}

  // Makes ready for so many bytes of a text, or of many texts, of that size, with what is frozen
  // (null: nothing is), which must outlive the next call.
  void expect_text(std::size_t num_bytes, std::size_t text_size, const FrozenPretokens* frozen);

  // Appends the ids of the pretokens text[0 .. ends[0]), text[ends[0] .. ends[1]), ... of which
  // there are at most kPretokenBatch; the last one ends at `total`, also if its end is kFarEnd.
  // Never reads past the end of the text.
  void encode_batch(std::string_view text, std::size_t total, std::span<const EndOffset> ends,
                    IdBuffer& out, const Progress& progress);

  // Appends the ids of one pretoken of any length.
  void encode(std::string_view pretoken, IdBuffer& out, const Progress& progress);

 private:
  void take_over(const FrozenPretokens& frozen, std::size_t num_bytes);
  void take_over(std::span<const FrozenPretoken> pretokens);
  void prefetch_long(std::string_view pretoken, std::size_t number);
  void learn_from(std::size_t first, const Progress& progress);
  void merge_group();
  void encode_short(const PretokenKey& key, IdBuffer& out);
  void encode_long(std::string_view pretoken, IdBuffer& out, const Progress& progress);
  void merge_long(std::string_view pretoken, IdBuffer& out, const Progress& progress);
  void add_piece(std::string_view piece, IdBuffer& out, const Progress& progress);
  void encode_pieces(IdBuffer& out);

  static constexpr std::size_t kMaxPieces = 64;

  const Vocabulary& vocabulary_;
  const LazyCuts& lazy_cuts_;
  const VocabularyCuts* cuts_ = nullptr;
  std::size_t bytes_seen_ = 0;
  std::size_t largest_text_ = 0;
  // Of what is frozen, what has been taken over, and when there will be more.
  const FrozenPretokens* frozen_ = nullptr;
  FrozenPretokens::Reader frozen_reader_;
  std::size_t num_taken_ = 0;
  std::size_t take_more_at_ = 0;
  PretokenMerger merger_;
  GroupMerger group_merger_;
  ShortMemo short_memo_;
  LongMemo long_memo_;
  KeyBatch batch_;
  // Pieces of one long pretoken, waiting for their slots.
  std::array<PretokenKey, kMaxPieces> pieces_;
  std::array<std::uint32_t, kMaxPieces> piece_homes_;
  std::size_t num_pieces_ = 0;
  // Those of the batch that are not remembered; hashes of those, and of the long ones.
  std::array<PretokenKey, kMaxBatchPretokens> unknown_;
  std::array<std::uint64_t, kMaxBatchPretokens> hashes_;
  std::array<PretokenKey, GroupMerger::kMaxGroup> group_;
  IdBuffer few_;
};

}  // namespace bpe
