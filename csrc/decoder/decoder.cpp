// Joining the bytes of tokens.
#include "decoder/decoder.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/errors.h"

namespace bpe {
namespace {

// From here on the table of short tokens is worth making, which takes as long as 100,000 ids.
constexpr std::size_t kTableFrom = 16384;

// How many ids ahead of the one that is written.
constexpr std::size_t kAhead = 16;

}  // namespace

void refuse_id(std::size_t index, std::string_view value) {
  throw Error(ErrorKind::decode, "ids[" + std::to_string(index) + "] is " + std::string(value) +
                                     ", which is no token of this vocabulary");
}

const ShortTokens* Decoder::table_for(std::size_t num_ids) const {
  return num_ids >= kTableFrom ? short_tokens_.get() : short_tokens_.get_if_built();
}

std::uint64_t Decoder::size_of(std::span<const std::uint32_t> ids) const {
  const ShortTokens* const table = table_for(ids.size());
  const std::size_t num_short = table == nullptr ? 0 : table->size();
  std::uint64_t size = 0;
  for (std::size_t index = 0; index < ids.size(); ++index) {
    const std::uint32_t id = ids[index];
    const std::size_t length = id < num_short ? table->length(id) : 0;
    size += length;
    if (length != 0) [[likely]]
      continue;
    const std::string_view bytes = bytes_of(id);
    if (bytes.data() == nullptr) refuse_id(index, std::to_string(id));
    size += bytes.size();
  }
  return size;
}

void Decoder::write(std::span<const std::uint32_t> ids, std::span<char> out) const {
  const ShortTokens* const table = table_for(ids.size());
  const std::size_t num_short = table == nullptr ? 0 : table->size();
  char* to = out.data();
  char* const end = to + out.size();
  for (std::size_t index = 0; index < ids.size(); ++index) {
    const std::uint32_t id = ids[index];
    if (num_short != 0) {
      const std::uint32_t next = ids[std::min(index + kAhead, ids.size() - 1)];
      if (next < num_short) __builtin_prefetch(table->entry(next));
    }
    // A short token is copied with what stands behind it where that fits: the next one overwrites
    // what is too much.
    if (id < num_short && static_cast<std::size_t>(end - to) >= ShortTokens::kEntryBytes) {
      const char* const entry = table->entry(id);
      const auto length = static_cast<unsigned char>(entry[ShortTokens::kEntryBytes - 1]);
      std::memcpy(to, entry, ShortTokens::kEntryBytes);
      to += length;
      if (length != 0) [[likely]]
        continue;
    }
    const std::string_view bytes = bytes_of(id);
    std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
  }
}

}  // namespace bpe
