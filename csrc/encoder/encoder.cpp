// Walking over a text: from one special token to the next, and batch by batch in between.
#include "encoder/encoder.h"

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace bpe {
namespace {

// Calls after_batch() whenever some of the text's ids are in `out`.
template <class AfterBatch>
void encode_ordinary(PatternId pattern, std::string_view text, PretokenEncoder& encoder,
                     IdBuffer& out, const Progress& progress, AfterBatch&& after_batch) {
  Scanner scanner(pattern, text);
  std::array<EndOffset, kPretokenBatch> ends;
  std::size_t begin = 0;
  while (const std::size_t count = scanner.fill(ends)) {
    encoder.encode_batch(text.substr(begin), scanner.position() - begin, {ends.data(), count}, out,
                         progress);
    begin = scanner.position();
    progress.check();
    after_batch();
  }
}

template <class AfterBatch>
void encode_with_specials(PatternId pattern, std::string_view text, const SpecialFinder& specials,
                          PretokenEncoder& encoder, IdBuffer& out, const Progress& progress,
                          AfterBatch&& after_batch) {
  std::size_t begin = 0;
  for (const SpecialMatch& match : specials.find_all(text)) {
    encode_ordinary(pattern, text.substr(begin, match.begin - begin), encoder, out, progress,
                    after_batch);
    out.push_back(match.id);
    begin = match.begin + match.length;
  }
  encode_ordinary(pattern, text.substr(begin), encoder, out, progress, after_batch);
}

}  // namespace

Encoder::Encoder(std::optional<PatternId> pattern, Vocabulary vocabulary)
    : pattern_(pattern),
      vocabulary_(std::move(vocabulary)),
      byte_pairs_(vocabulary_),
      cuts_(vocabulary_.tokens) {}

PatternId Encoder::pattern() const {
  if (pattern_) return *pattern_;
  throw std::logic_error("this codec has no native pattern: split the text, then encode_pretokens");
}

WorkspacePool<PretokenEncoder>::Lease Encoder::borrow() const {
  return workspaces_.take(
      [this] { return std::make_unique<PretokenEncoder>(vocabulary_, byte_pairs_, cuts_); });
}

void Encoder::use_frozen(std::shared_ptr<const FrozenPretokens> frozen) const {
  const std::lock_guard lock(frozen_mutex_);
  all_frozen_.push_back(std::move(frozen));
  frozen_.store(all_frozen_.back().get(), std::memory_order_release);
}

std::vector<std::uint64_t> Encoder::freeze(std::span<const std::string_view> pretokens,
                                           const ContentHash& content_hash,
                                           const Progress& progress) const {
  const auto workspace = borrow();
  FrozenWriter writer;
  IdBuffer ids;
  for (std::size_t i = 0; i < pretokens.size(); ++i) {
    if (i % kPretokenBatch == 0) progress.check();
    if (pretokens[i].empty() || pretokens[i].size() > kMaxFrozenBytes) continue;
    ids.clear();
    workspace->encode(pretokens[i], ids, progress);
    writer.add(pretokens[i], ids.ids());
  }
  return writer.finish(content_hash);
}

void Encoder::encode(std::string_view text, const SpecialFinder& specials, IdBuffer& out,
                     const Progress& progress) const {
  out.expect_text(text.size());
  encode_chunk(text, text.size(), specials, out, progress);
}

void Encoder::encode_chunk(std::string_view chunk, std::size_t text_size,
                           const SpecialFinder& specials, IdBuffer& out,
                           const Progress& progress) const {
  const PatternId split = pattern();
  const auto workspace = borrow();
  workspace->expect_text(chunk.size(), text_size, frozen_.load(std::memory_order_acquire));
  encode_with_specials(split, chunk, specials, *workspace, out, progress, [] {});
}

std::size_t Encoder::count(std::string_view text, const SpecialFinder& specials,
                           const Progress& progress) const {
  const PatternId split = pattern();
  const auto workspace = borrow();
  workspace->expect_text(text.size(), text.size(), frozen_.load(std::memory_order_acquire));
  std::size_t total = 0;
  IdBuffer few;
  encode_with_specials(split, text, specials, *workspace, few, progress, [&] {
    total += few.size();
    few.clear();
  });
  return total + few.size();
}

void Encoder::encode_pretokens(std::span<const std::string_view> pretokens, IdBuffer& out,
                               const Progress& progress) const {
  const auto workspace = borrow();
  for (std::size_t i = 0; i < pretokens.size(); ++i) {
    workspace->encode(pretokens[i], out, progress);
    if (i % kPretokenBatch == 0) progress.check();
  }
}

}  // namespace bpe
