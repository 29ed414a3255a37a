// The hot loop of encoding: first all keys of a batch, with their slots on the way into the cache,
// then all look-ups.
#include "encoder/pretoken_encoder.h"

#include "vocab/hash.h"

namespace bpe {
namespace {

// Equals no key of a short pretoken, so that long ones need no test of their own in the hot loop.
constexpr PretokenKey kLongKey{0, ~std::uint64_t{0}};

constexpr std::size_t kKeyBytes = sizeof(PretokenKey);

}  // namespace

void PretokenEncoder::encode_batch(std::string_view text, std::size_t total,
                                   std::span<const EndOffset> ends, IdBuffer& out,
                                   const Progress& progress) {
  hash_batch(text, ends);
  out.reserve_more(kInlineIds * ends.size());
  std::uint32_t* cursor = out.data() + out.size();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const std::size_t count = short_memo_.copy_from_home(keys_[i], hashes_[i], cursor);
    cursor += count;
    if (count != 0) [[likely]]
      continue;
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    const std::size_t end = ends[i] == kFarEnd ? total : ends[i];
    const std::string_view pretoken = text.substr(begin, end - begin);
    out.set_size(static_cast<std::size_t>(cursor - out.data()));
    if (pretoken.size() <= kMaxKeyBytes) {
      encode_short(pretoken, keys_[i], hashes_[i], out, progress);
    } else {
      encode_long(pretoken, out, progress);
    }
    out.reserve_more(kInlineIds * (ends.size() - i));
    cursor = out.data() + out.size();
  }
  out.set_size(static_cast<std::size_t>(cursor - out.data()));
}

void PretokenEncoder::hash_batch(std::string_view text, std::span<const EndOffset> ends) {
  EndOffset begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const EndOffset length = ends[i] - begin;
    if (length > kMaxKeyBytes) {
      keys_[i] = kLongKey;
      hashes_[i] = 0;
    } else {
      // Near the end of the text there are no 16 bytes to load.
      keys_[i] = text.size() - begin >= kKeyBytes ? make_key_unchecked(text.data() + begin, length)
                                                  : make_key(text.data() + begin, length);
      hashes_[i] = static_cast<std::uint32_t>(hash_key(keys_[i]));
      short_memo_.prefetch(hashes_[i]);
    }
    begin = ends[i];
  }
}

void PretokenEncoder::encode(std::string_view pretoken, IdBuffer& out, const Progress& progress) {
  if (pretoken.empty()) return;
  if (pretoken.size() > kMaxKeyBytes) return encode_long(pretoken, out, progress);
  const PretokenKey key = make_key(pretoken.data(), pretoken.size());
  encode_short(pretoken, key, static_cast<std::uint32_t>(hash_key(key)), out, progress);
}

void PretokenEncoder::encode_short(std::string_view pretoken, const PretokenKey& key,
                                   std::uint32_t hash, IdBuffer& out, const Progress& progress) {
  if (short_memo_.append(key, hash, out)) return;
  const std::size_t first = out.size();
  merger_.encode(pretoken, out, progress);
  short_memo_.insert(key, hash, out.ids().subspan(first));
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
