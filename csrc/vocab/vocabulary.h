// Everything that decides which ids a pretoken becomes, checked and ready to use.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "vocab/merge_table.h"
#include "vocab/token_table.h"

namespace bpe {

// Immutable, safe to share.
struct Vocabulary {
  // Throws Error(vocabulary) when a single byte is no token or a merge names an unknown id.
  Vocabulary(std::shared_ptr<const TokenTable> tokens, const MergeColumns& merges,
             bool whole_pretoken_first);

  std::shared_ptr<const TokenTable> held;  // shared with whoever read it
  const TokenTable& tokens;
  MergeTable merges;
  std::array<std::uint32_t, 256> byte_ids;
  // A pretoken that is itself a token becomes that token before any merge is tried.
  bool whole_pretoken_first;
};

}  // namespace bpe
