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
      encode_short(pretoken, keys[i], out, progress);
    } else {
      encode_long(pretoken, out, progress);
    }
    out.reserve_more(kInlineIds * (ends.size() - i));
    cursor = out.data() + out.size();
  }
  out.set_size(static_cast<std::size_t>(cursor - out.data()));
}

void PretokenEncoder::encode(std::string_view pretoken, IdBuffer& out, const Progress& progress) {
  if (pretoken.empty()) return;
  if (pretoken.size() > kMaxKeyBytes) return encode_long(pretoken, out, progress);
  encode_short(pretoken, make_key(pretoken.data(), pretoken.size()), out, progress);
}

void PretokenEncoder::encode_short(std::string_view pretoken, const PretokenKey& key, IdBuffer& out,
                                   const Progress& progress) {
  if (short_memo_.append(key, out)) return;
  const std::size_t first = out.size();
  merger_.encode(pretoken, out, progress);
  short_memo_.insert(key, out.ids().subspan(first));
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
