// Filling the table of short tokens.
#include "decoder/short_tokens.h"

#include <algorithm>
#include <cstring>

namespace bpe {

ShortTokens::ShortTokens(const TokenTable& ordinary, const TokenTable& special) {
  std::size_t end = 0;
  for (const TokenTable* tokens : {&ordinary, &special}) {
    if (tokens->size() != 0) end = std::max<std::size_t>(end, tokens->ids().back() + 1ull);
  }
  end = std::min(end, 2 * (ordinary.size() + special.size()));
  entries_.resize(kEntryBytes * end);
  lengths_.resize(end);
  add(special);
  add(ordinary);
}

void ShortTokens::add(const TokenTable& tokens) {
  for (std::size_t i = 0; i < tokens.size() && tokens.ids()[i] < size(); ++i) {
    const std::uint32_t id = tokens.ids()[i];
    const std::string_view bytes = tokens.at(i);
    lengths_[id] = static_cast<std::uint8_t>(bytes.size() < kEntryBytes ? bytes.size() : 0);
    char* const entry = entries_.data() + kEntryBytes * id;
    std::memcpy(entry, bytes.data(), lengths_[id]);
    entry[kEntryBytes - 1] = static_cast<char>(lengths_[id]);
  }
}

const ShortTokens* LazyShortTokens::get() const {
  if (const ShortTokens* built = get_if_built()) return built;
  auto mine = std::make_unique<const ShortTokens>(ordinary_, special_);
  const ShortTokens* other = nullptr;
  if (!built_.compare_exchange_strong(other, mine.get(), std::memory_order_acq_rel)) return other;
  return mine.release();
}

}  // namespace bpe
