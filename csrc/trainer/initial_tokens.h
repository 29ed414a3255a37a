// Checks the pairs that a training run starts from and spells out their tokens.
#pragma once

#include <string>
#include <vector>

#include "trainer/trainer.h"

namespace bpe {

// The bytes of each pair's token. Throws bpe::Error(training) if a pair names an id that does not
// exist before it, makes a token a second time, or the tokens together are too long.
std::vector<std::string> initial_tokens(const std::vector<IdPair>& initial_pairs);

}  // namespace bpe
