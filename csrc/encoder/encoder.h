// Text to ids: special tokens first, then pretokens, then merges.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "encoder/byte_pairs.h"
#include "encoder/frozen_pretokens.h"
#include "encoder/id_buffer.h"
#include "encoder/pretoken_encoder.h"
#include "encoder/vocabulary_cuts.h"
#include "encoder/workspace_pool.h"
#include "pretokenizer/pretokenizer.h"
#include "vocab/special_finder.h"
#include "vocab/vocabulary.h"

namespace bpe {

// Safe to share: the vocabulary is immutable and each call borrows working memory of its own.
//
// Time is O(n) for text whose pretokens are short, and O(n log n) for one pretoken of n bytes; no
// text is worse. Every function looks at `progress` some thousand times a second and leaves with
// Cancelled when told to.
class Encoder {
 public:
  // Without a pattern only encode_pretokens may be called (std::logic_error otherwise).
  Encoder(std::optional<PatternId> pattern, Vocabulary vocabulary);

  // Appends the ids of a text in which the tokens of `specials` become their ids; those of an empty
  // finder are ordinary text.
  void encode(std::string_view text, const SpecialFinder& specials, IdBuffer& out,
              const Progress& progress) const;

  // The same for a part of a text of `text_size` bytes, of which it tells how much there is to
  // learn.
  void encode_chunk(std::string_view chunk, std::size_t text_size, const SpecialFinder& specials,
                    IdBuffer& out, const Progress& progress) const;

  // How many ids `encode` would append, without keeping them: O(1) memory beyond the memos.
  std::size_t count(std::string_view text, const SpecialFinder& specials,
                    const Progress& progress) const;

  // Appends the ids of text that was split elsewhere.
  void encode_pretokens(std::span<const std::string_view> pretokens, IdBuffer& out,
                        const Progress& progress) const;

  // An image for FrozenPretokens: these pretokens, without the longer ones, in their order. Time as
  // `encode_pretokens`.
  std::vector<std::uint64_t> freeze(std::span<const std::string_view> pretokens,
                                    const ContentHash& content_hash,
                                    const Progress& progress) const;

  // From now on threads that begin to encode know these pretokens, whose ids must be those that
  // `encode` gives. What was given before is kept, for it may still be in use.
  void use_frozen(std::shared_ptr<const FrozenPretokens> frozen) const;

  const Vocabulary& vocabulary() const noexcept { return vocabulary_; }
  bool can_split() const noexcept { return pattern_.has_value(); }
  // Throws std::logic_error without a pattern.
  PatternId pattern() const;

 private:
  WorkspacePool<PretokenEncoder>::Lease borrow() const;

  std::optional<PatternId> pattern_;
  Vocabulary vocabulary_;
  BytePairs byte_pairs_;
  LazyCuts cuts_;
  mutable std::mutex frozen_mutex_;
  mutable std::vector<std::shared_ptr<const FrozenPretokens>> all_frozen_;
  mutable std::atomic<const FrozenPretokens*> frozen_{nullptr};
  mutable WorkspacePool<PretokenEncoder> workspaces_;
};

}  // namespace bpe
