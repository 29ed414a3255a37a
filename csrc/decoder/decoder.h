// Ids to bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "decoder/short_tokens.h"
#include "vocab/token_table.h"

namespace bpe {

// Safe to share; the tables must outlive it.
class Decoder {
 public:
  Decoder(const TokenTable& ordinary, const TokenTable& special)
      : ordinary_(ordinary), special_(special), short_tokens_(ordinary, special) {}

  // The bytes of one id, ordinary or special; data() is null when there is no such id.
  std::string_view bytes_of(std::uint32_t id) const noexcept {
    const std::string_view bytes = ordinary_.bytes_of(id);
    return bytes.data() != nullptr ? bytes : special_.bytes_of(id);
  }

  // How many bytes the ids are together. Throws Error(decode) naming the first unknown id.
  std::uint64_t size_of(std::span<const std::uint32_t> ids) const;

  // Writes those bytes; `out` is exactly size_of(ids) long.
  void write(std::span<const std::uint32_t> ids, std::span<char> out) const;

 private:
  const ShortTokens* table_for(std::size_t num_ids) const;

  const TokenTable& ordinary_;
  const TokenTable& special_;
  LazyShortTokens short_tokens_;
};

// "ids[index] is <value>, which is no token of this vocabulary"
[[noreturn]] void refuse_id(std::size_t index, std::string_view value);

}  // namespace bpe
