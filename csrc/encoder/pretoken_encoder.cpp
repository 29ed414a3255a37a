// The hot loop of encoding: first all keys of a batch, with their slots on the way into the cache,
// then all look-ups. What is not found goes out of the loop.
#include "encoder/pretoken_encoder.h"

#include <algorithm>

#include "vocab/hash.h"

namespace bpe {
namespace {

// Below this, building the cuts costs more than they give.
constexpr std::size_t kCutsFrom = std::size_t{1} << 16;

// Frozen pretokens that wait for their slots together.
constexpr std::size_t kFrozenBatch = 64;
static_assert(kMaxFrozenBytes <= kMaxMemoBytes);

// A piece of a pretoken and a pretoken of the same bytes may become different ids: only the latter
// may be a token that merges do not make. So a piece has a key of its own.
constexpr std::uint64_t kPieceBit = std::uint64_t{1} << 62;

PretokenKey as_piece(const PretokenKey& key) noexcept { return {key.low, key.high | kPieceBit}; }
PretokenKey as_pretoken(const PretokenKey& key) noexcept {
  return {key.low, key.high & ~kPieceBit};
}
bool is_piece(const PretokenKey& key) noexcept { return (key.high & kPieceBit) != 0; }

// Two characters of three bytes or more, perhaps behind a space: most scripts that write no spaces.
bool may_be_cut(const PretokenKey& key) noexcept {
  constexpr std::uint8_t kThreeByteLead = 0xE0;
  const std::string_view bytes = key_bytes(key);
  return bytes.size() >= 6 && (static_cast<std::uint8_t>(bytes[0]) >= kThreeByteLead ||
                               static_cast<std::uint8_t>(bytes[1]) >= kThreeByteLead);
}

}  // namespace

void PretokenEncoder::expect_text(std::size_t num_bytes, std::size_t text_size,
                                  const FrozenPretokens* frozen) {
  bytes_seen_ += num_bytes;
  if (text_size > largest_text_) {
    largest_text_ = text_size;
    short_memo_.expect_text(text_size);
  }
  const std::size_t num_expected = std::max(bytes_seen_, text_size);
  cuts_ = num_expected >= kCutsFrom ? lazy_cuts_.get() : lazy_cuts_.get_if_built();
  if (frozen != frozen_) {
    frozen_ = frozen;
    num_taken_ = 0;
    take_more_at_ = kFirstFrozenAt;
    if (frozen != nullptr) frozen_reader_ = FrozenPretokens::Reader(*frozen);
  }
  // After many texts or groups of texts, each smaller than the whole, more will follow.
  const bool more_follows = bytes_seen_ > text_size && bytes_seen_ >= kLooksAheadFrom;
  const std::size_t num_coming = more_follows ? kLookAhead * bytes_seen_ : num_expected;
  if (frozen != nullptr && num_coming >= take_more_at_) take_over(*frozen, num_coming);
}

// Remembers as many frozen pretokens as so much text should have.
void PretokenEncoder::take_over(const FrozenPretokens& frozen, std::size_t num_bytes) {
  take_more_at_ = 2 * num_bytes;
  const double num_expected = kFrozenShare * expected_pretokens(num_bytes);
  const double limit =
      std::min(static_cast<double>(frozen.size()), double{kMaxMemoSlots / kMemoSlotsPerPretoken});
  const auto num_wanted = static_cast<std::size_t>(std::min(num_expected, limit));
  if (num_wanted > num_taken_) short_memo_.reserve(num_wanted - num_taken_);
  std::array<FrozenPretoken, kFrozenBatch> few;
  while (num_taken_ < num_wanted) {
    const std::size_t count = std::min(kFrozenBatch, num_wanted - num_taken_);
    for (std::size_t i = 0; i < count; ++i) few[i] = frozen_reader_.read();
    num_taken_ += count;  // what has been read, whether or not there is memory for it
    take_over(std::span(few).first(count));
  }
}

void PretokenEncoder::take_over(std::span<const FrozenPretoken> pretokens) {
  std::array<PretokenKey, kFrozenBatch> keys;
  for (std::size_t i = 0; i < pretokens.size(); ++i) {
    const std::string_view bytes = pretokens[i].pretoken;
    if (bytes.size() > kMaxKeyBytes) {
      hashes_[i] = hash_token(bytes);
      long_memo_.prefetch_slot(hashes_[i]);
    } else {
      keys[i] = make_key_unchecked(bytes.data(), bytes.size());
      short_memo_.index().prefetch(short_memo_.index().home_of(hash_key(keys[i])));
    }
  }
  for (std::size_t i = 0; i < pretokens.size(); ++i) {
    const auto [bytes, ids] = pretokens[i];
    if (bytes.size() <= kMaxKeyBytes) {
      short_memo_.insert(keys[i], ids);
    } else if (long_memo_.find(bytes, hashes_[i]).empty()) {
      long_memo_.insert(bytes, hashes_[i], ids);
    }
  }
}

void PretokenEncoder::encode_batch(std::string_view text, std::size_t total,
                                   std::span<const EndOffset> ends, IdBuffer& out,
                                   const Progress& progress) {
  batch_.clear();
  batch_.append(text.data(), ends, text.data() + text.size(), short_memo_.index());
  const auto keys = batch_.keys();
  const auto homes = batch_.homes();
  const auto pretoken_at = [&](std::size_t i) {
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    return text.substr(begin, (ends[i] == kFarEnd ? total : ends[i]) - begin);
  };
  std::size_t num_longs = 0;
  for (const std::uint32_t i : batch_.longs()) prefetch_long(pretoken_at(i), num_longs++);
  for (std::size_t i = 0; i < num_longs; ++i) long_memo_.prefetch_record(hashes_[i]);

  out.reserve_more(kInlineIds * ends.size());
  std::uint32_t* cursor = out.data() + out.size();
  bool learned = false;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const std::size_t count = short_memo_.copy_from_home(keys[i], homes[i], cursor);
    cursor += count;
    if (count != 0) [[likely]]
      continue;
    out.set_size(static_cast<std::size_t>(cursor - out.data()));
    if (keys[i].empty()) {
      encode_long(pretoken_at(i), out, progress);
    } else if (!short_memo_.append(keys[i], out)) {
      if (!learned) learn_from(i, progress);
      learned = true;
      encode_short(keys[i], out);
    }
    out.reserve_more(kInlineIds * (ends.size() - i));
    cursor = out.data() + out.size();
  }
  out.set_size(static_cast<std::size_t>(cursor - out.data()));
}

void PretokenEncoder::prefetch_long(std::string_view pretoken, std::size_t number) {
  hashes_[number] = pretoken.size() <= kMaxMemoBytes ? hash_token(pretoken) : 0;
  long_memo_.prefetch_slot(hashes_[number]);
}

// What one pretoken lacks, more of the batch may lack. Each look-up of a new one waits for memory
// three times, so they wait together.
void PretokenEncoder::learn_from(std::size_t first, const Progress& progress) {
  const auto keys = batch_.keys();
  const auto homes = batch_.homes();
  const TokenTable& tokens = vocabulary_.tokens;
  std::size_t count = 0;
  for (std::size_t i = first; i < keys.size(); ++i) {
    unknown_[count] = keys[i];
    count += !short_memo_.is_at(keys[i], homes[i]);
  }
  std::size_t num_new = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (unknown_[i].empty() || short_memo_.contains(unknown_[i])) continue;
    unknown_[num_new] = unknown_[i];
    hashes_[num_new] = hash_key(unknown_[i]);
    tokens.prefetch_slot(hashes_[num_new++]);
  }
  for (std::size_t i = 0; i < num_new; ++i) tokens.prefetch_offset(hashes_[i]);
  for (std::size_t i = 0; i < num_new; ++i) tokens.prefetch_bytes(hashes_[i]);
  std::size_t num_cut = 0;
  for (std::size_t i = 0; i < num_new; ++i) {
    if (vocabulary_.whole_pretoken_first) {
      if (const auto id = tokens.find(unknown_[i], hashes_[i])) {
        short_memo_.insert(unknown_[i], {&*id, 1});
        continue;
      }
    }
    if (cuts_ != nullptr && may_be_cut(unknown_[i])) {
      unknown_[num_cut++] = unknown_[i];
      continue;
    }
    group_[group_merger_.size()] = unknown_[i];
    group_merger_.add(as_pretoken(unknown_[i]));
    if (group_merger_.size() == GroupMerger::kMaxGroup) merge_group();
  }
  merge_group();
  for (std::size_t i = 0; i < num_cut; ++i) {
    few_.clear();
    merge_long(key_bytes(unknown_[i]), few_, progress);
    short_memo_.insert(unknown_[i], few_.ids());
  }
}

void PretokenEncoder::merge_group() {
  // Also when there is no memory to remember them: what is left would overfill the next group.
  struct ClearOnExit {
    GroupMerger& group;
    ~ClearOnExit() { group.clear(); }
  };
  const ClearOnExit clear{group_merger_};
  group_merger_.merge();
  for (std::size_t i = 0; i < group_merger_.size(); ++i)
    short_memo_.insert(group_[i], group_merger_.ids(i));
}

void PretokenEncoder::encode(std::string_view pretoken, IdBuffer& out, const Progress& progress) {
  if (pretoken.empty()) return;
  if (pretoken.size() > kMaxKeyBytes) return encode_long(pretoken, out, progress);
  encode_short(make_key(pretoken.data(), pretoken.size()), out);
}

void PretokenEncoder::encode_short(const PretokenKey& key, IdBuffer& out) {
  if (short_memo_.append(key, out)) return;
  const PretokenKey plain = as_pretoken(key);
  const auto ids = merger_.encode_short(key_bytes(plain), is_piece(key));
  out.append(ids);
  short_memo_.insert(key, ids);
}

void PretokenEncoder::encode_long(std::string_view pretoken, IdBuffer& out,
                                  const Progress& progress) {
  if (pretoken.size() > kMaxMemoBytes) return merge_long(pretoken, out, progress);
  const std::uint64_t hash = hash_token(pretoken);
  if (const auto known = long_memo_.find(pretoken, hash); !known.empty()) return out.append(known);
  const std::size_t first = out.size();
  merge_long(pretoken, out, progress);
  long_memo_.insert(pretoken, hash, out.ids().subspan(first));
}

// Cuts a pretoken where the vocabulary allows it. One that cannot be cut may be a token.
void PretokenEncoder::merge_long(std::string_view pretoken, IdBuffer& out,
                                 const Progress& progress) {
  std::size_t begin = 0;
  num_pieces_ = 0;  // somebody may have pressed Ctrl-C last time
  if (cuts_ != nullptr) {
    cuts_->for_each_cut(pretoken, progress, [&](std::size_t end) {
      add_piece(pretoken.substr(begin, end - begin), out, progress);
      begin = end;
    });
  }
  if (begin == 0) return merger_.encode(pretoken, out, progress);
  add_piece(pretoken.substr(begin), out, progress);
  encode_pieces(out);
}

void PretokenEncoder::add_piece(std::string_view piece, IdBuffer& out, const Progress& progress) {
  if (piece.size() > kMaxKeyBytes) {
    encode_pieces(out);
    return merger_.merge(piece, out, progress);
  }
  if (num_pieces_ == kMaxPieces) {
    encode_pieces(out);
    progress.check();
  }
  const PretokenKey key = make_key(piece.data(), piece.size());
  pieces_[num_pieces_] = vocabulary_.whole_pretoken_first ? as_piece(key) : key;
  const std::uint32_t home = short_memo_.index().home_of(hash_key(pieces_[num_pieces_]));
  piece_homes_[num_pieces_++] = home;
  short_memo_.index().prefetch(home);
}

void PretokenEncoder::encode_pieces(IdBuffer& out) {
  for (std::size_t i = 0; i < num_pieces_; ++i) {
    if (short_memo_.is_at(pieces_[i], piece_homes_[i]) || short_memo_.contains(pieces_[i]))
      continue;
    group_[group_merger_.size()] = pieces_[i];
    group_merger_.add(as_pretoken(pieces_[i]));
    if (group_merger_.size() == GroupMerger::kMaxGroup) merge_group();
  }
  merge_group();
  for (std::size_t i = 0; i < num_pieces_; ++i) encode_short(pieces_[i], out);
  num_pieces_ = 0;
}

}  // namespace bpe
