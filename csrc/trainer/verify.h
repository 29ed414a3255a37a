// A debug check: does everything the trainer keeps agree with a fresh count of the cells?
#pragma once

#include "trainer/cells.h"
#include "trainer/pair_index.h"

namespace bpe {

// O(cells). Throws std::logic_error naming the first disagreement.
void verify_pairs(Cells& cells, const TokenLengths& lengths, const PairIndex& index);

}  // namespace bpe
