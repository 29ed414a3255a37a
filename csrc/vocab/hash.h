// How the vocabulary's tables hash, and how large they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "base/pretoken_key.h"

namespace bpe {

inline std::uint64_t hash_u64(std::uint64_t value) noexcept {
  return fold_product(value ^ kHashSeed.bytes_first, kHashSeed.multiplier);
}

// O(length). A short token hashes as its PretokenKey.
inline std::uint64_t hash_token(std::string_view bytes) noexcept {
  if (bytes.size() > kMaxKeyBytes) return hash_bytes(bytes.data(), bytes.size());
  return hash_key(make_key(bytes.data(), bytes.size()));
}

// For the tables of the standard library, whose own hash is the same in every process: a vocabulary
// could be made to be slow.
struct SecretHash {
  std::size_t operator()(std::string_view bytes) const noexcept { return hash_token(bytes); }
};

// The same for bytes that are followed by at least 16 - length readable ones.
inline std::uint64_t hash_token_unchecked(std::string_view bytes) noexcept {
  if (bytes.size() > kMaxKeyBytes) return hash_bytes(bytes.data(), bytes.size());
  return hash_key(make_key_unchecked(bytes.data(), bytes.size()));
}

// The number of slots for a table of `count` items that is at most half full.
inline std::size_t slots_for(std::size_t count) noexcept {
  std::size_t slots = 16;
  while (slots < 2 * count) slots *= 2;
  return slots;
}

}  // namespace bpe
