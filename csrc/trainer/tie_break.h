// The tie rule: which of several equally frequent pairs is merged first. Its only home in C++.
//
//   id           the smallest (left id, right id)
//   huggingface  the same, with bytes in the order of the characters that ByteLevel writes for
//   them:
//                33-126, 161-172 and 174-255 stand for themselves, the other 68 follow
//   bytes_max    the largest (left bytes, right bytes), left first
//   bytes_min    the smallest
//
// The first two differ only in how bytes become symbols, so they share a comparison.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/errors.h"
#include "trainer/symbols.h"
#include "trainer/token_bytes.h"

namespace bpe {

enum class TieBreak { id, huggingface, bytes_max, bytes_min };

inline TieBreak parse_tie_break(std::string_view name) {
  if (name == "id") return TieBreak::id;
  if (name == "huggingface") return TieBreak::huggingface;
  if (name == "bytes_max") return TieBreak::bytes_max;
  if (name == "bytes_min") return TieBreak::bytes_min;
  throw Error(ErrorKind::training, "there is no tie rule '" + std::string(name) +
                                       "'; the rules are id, huggingface, bytes_max, bytes_min");
}

// byte -> its symbol.
inline std::array<Symbol, 256> byte_symbols(TieBreak tie_break) {
  std::array<Symbol, 256> symbols{};
  Symbol next = kFirstByte;
  const auto stands_for_itself = [&](int byte) {
    return tie_break != TieBreak::huggingface || (byte >= 33 && byte <= 126) ||
           (byte >= 161 && byte != 173);
  };
  for (int byte = 0; byte < 256; ++byte) {
    if (stands_for_itself(byte)) symbols[byte] = next++;
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (!stands_for_itself(byte)) symbols[byte] = next++;
  }
  return symbols;
}

// "id" and "huggingface".
struct SymbolOrder {
  bool wins(PairKey a, PairKey b) const noexcept { return a < b; }
};

// "bytes_max" and "bytes_min". No two tokens share their bytes, so no two pairs compare equal.
template <bool kLargest>
class BytesOrder {
 public:
  explicit BytesOrder(const TokenBytes& tokens) : tokens_(&tokens) {}

  bool wins(PairKey a, PairKey b) const noexcept {
    int order = compare(left_of(a), left_of(b));
    if (order == 0) order = compare(right_of(a), right_of(b));
    return kLargest ? order > 0 : order < 0;
  }

 private:
  int compare(Symbol a, Symbol b) const noexcept { return a == b ? 0 : tokens_->compare(a, b); }

  const TokenBytes* tokens_;
};

}  // namespace bpe
