// Which tokens begin and end with which others.
#pragma once

#include <cstdint>
#include <vector>

#include "vocab/token_table.h"

namespace bpe {

inline constexpr std::uint32_t kNoToken = 0xFFFFFFFF;

// Of every token the longest proper prefix and the longest proper suffix that are tokens, as
// indices; kNoToken where there is none. All others follow from these: they are prefixes of the
// prefix, suffixes of the suffix.
struct TokenParts {
  // O(n log n) comparisons for n tokens, hardly any of which look further than eight bytes. No two
  // tokens may have the same bytes.
  explicit TokenParts(const TokenTable& tokens);

  std::vector<std::uint32_t> prefix, suffix;
};

}  // namespace bpe
