// Where a text may end so that what follows can be encoded apart.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "pretokenizer/pretokenizer.h"
#include "vocab/special_finder.h"

namespace bpe {

// The first end of a chunk at or after `near`: the beginning of a special token, or a safe cut
// between two of them; text.size() if there is none. `matches` are all special tokens of the text.
// Between them none begins, so chunks find the same ones as the whole text.
std::size_t find_chunk_end(PatternId pattern, std::string_view text,
                           std::span<const SpecialMatch> matches, std::size_t near);

}  // namespace bpe
