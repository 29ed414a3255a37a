// Ranked tokens: what a `.tiktoken` file holds, and the merges that it means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "vocab/token_table.h"

namespace bpe {

// The tokens of lines `base64(token) id`. Nothing for a text in which anything is not as it should
// be: a malformed or empty line, ids that do not ascend, a token that stands twice, a single byte
// that is none. bpe/formats/ranks.py reads such a text slowly and says what is wrong with which
// line.
std::optional<TokenTable> read_ranked_tokens(std::string_view lines);

// Whether these are tokens to which merges may be found: no bytes twice, and all single bytes.
bool can_be_ranked(const TokenTable& tokens);

struct RankedMerges {
  std::vector<std::uint32_t> left, right, new_id;  // the rank is the new id
};

// Every way to join two tokens into a third, in the order of the new ids, then of the length of the
// left one (Merges.from_ranked_tokens of bpe/spec.py is the definition). No two tokens may have the
// same bytes. O(n log n) for n tokens, and for each the number of its prefixes and suffixes.
RankedMerges find_ranked_merges(const TokenTable& tokens);

}  // namespace bpe
