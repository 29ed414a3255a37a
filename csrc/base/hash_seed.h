// The secret of all hash tables that text or a vocabulary fills: drawn once a process.
//
// With constants that everybody knows, text can be made whose keys all have neighbouring homes, and
// a table then takes quadratic time: 32,000 such pretokens, 288 kB, took 0.7 s instead of 0.002.
// Nothing that leaves the process depends on the seed: what comes out of a table is sorted, or
// asked for by key.
#pragma once

#include <cstdint>

namespace bpe {

struct alignas(16) HashSeed {
  // The factors of hash_key, 32 bits each. Each holds a byte 0xFF, which does not occur in UTF-8:
  // of text, no factor is ever 0.
  std::uint64_t key_low, key_high;
  // Those of hash_bytes and hash_u64.
  std::uint64_t bytes_first, bytes_second;
  // For one multiplication whose top bits are used: odd.
  std::uint64_t multiplier;
};

// BPE_HASH_SEED, any text, fixes it: for measurements and tests.
extern const HashSeed kHashSeed __attribute__((visibility("hidden")));

}  // namespace bpe
