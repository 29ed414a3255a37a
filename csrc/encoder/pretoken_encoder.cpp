// The hot loop of encoding: first all keys of a batch, with their slots on the way into the cache,
// then all look-ups.
#include "encoder/pretoken_encoder.h"

#include "vocab/hash.h"

namespace bpe {

void PretokenEncoder::encode_batch(std::string_view text, std::size_t total,
                                   std::span<const EndOffset> ends, IdBuffer& out,
                                   const Progress& progress) {
  batch_.clear();
  batch_.append(text.data(), ends, text.data() + text.size(), short_memo_.index());
  const auto keys = batch_.keys();
  const auto homes = batch_.homes();
  out.reserve_more(kInlineIds * ends.size());
  std::uint32_t* cursor = out.data() + out.size();
  bool learned = false;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const std::size_t count = short_memo_.copy_from_home(keys[i], homes[i], cursor);
    cursor += count;
    if (count != 0) [[likely]]
      continue;
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    const std::size_t end = ends[i] == kFarEnd ? total : ends[i];
    const std::string_view pretoken = text.substr(begin, end - begin);
    out.set_size(static_cast<std::size_t>(cursor - out.data()));
    if (pretoken.size() <= kMaxKeyBytes) {
      if (!short_memo_.append(keys[i], out)) {
        if (!learned) learn_from(i);
        learned = true;
        encode_short(pretoken, keys[i], out);
      }
    } else {
      encode_long(pretoken, out, progress);
    }
    out.reserve_more(kInlineIds * (ends.size() - i));
    cursor = out.data() + out.size();
  }
  out.set_size(static_cast<std::size_t>(cursor - out.data()));
}

// What one pretoken lacks, more of the batch may lack. Each look-up of a new one waits for memory
// three times, so they wait together.
void PretokenEncoder::learn_from(std::size_t first) {
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
  for (std::size_t i = 0; i < num_new; ++i) {
    if (vocabulary_.whole_pretoken_first) {
      if (const auto id = tokens.find(unknown_[i], hashes_[i])) {
        remember(unknown_[i], {&*id, 1});
        continue;
      }
    }
    group_[group_merger_.size()] = unknown_[i];
    group_merger_.add(unknown_[i]);
    if (group_merger_.size() == GroupMerger::kMaxGroup) merge_group();
  }
  merge_group();
}

void PretokenEncoder::merge_group() {
  group_merger_.merge();
  for (std::size_t i = 0; i < group_merger_.size(); ++i) remember(group_[i], group_merger_.ids(i));
  group_merger_.clear();
}

void PretokenEncoder::remember(const PretokenKey& key, std::span<const std::uint32_t> ids) {
  if (!short_memo_.contains(key)) short_memo_.insert(key, ids);  // it may occur twice in a batch
}

void PretokenEncoder::encode(std::string_view pretoken, IdBuffer& out, const Progress& progress) {
  if (pretoken.empty()) return;
  if (pretoken.size() > kMaxKeyBytes) return encode_long(pretoken, out, progress);
  encode_short(pretoken, make_key(pretoken.data(), pretoken.size()), out);
}

void PretokenEncoder::encode_short(std::string_view pretoken, const PretokenKey& key,
                                   IdBuffer& out) {
  if (short_memo_.append(key, out)) return;
  const auto ids = merger_.encode_short(pretoken);
  out.append(ids);
  short_memo_.insert(key, ids);
}

void PretokenEncoder::encode_long(std::string_view pretoken, IdBuffer& out,
                                  const Progress& progress) {
  if (pretoken.size() > kMaxMemoBytes) return merger_.encode(pretoken, out, progress);
  const std::uint64_t hash = hash_token(pretoken);
  if (const auto known = long_memo_.find(pretoken, hash); !known.empty()) return out.append(known);
  const std::size_t first = out.size();
  merger_.encode(pretoken, out, progress);
  long_memo_.insert(pretoken, hash, out.ids().subspan(first));
}

}  // namespace bpe
