// id <-> bytes, for ordinary and special tokens alike.
//
//   arena_     t h e r e ...            all tokens joined, in the order of their ids
//   offsets_   0   1   3 ...            token k is arena_[offsets_[k] .. offsets_[k + 1])
//   ids_       0   1   2 ...  50,257    the id of token k: ascending, with holes
//   dense_                              ids_[k] == k for all k below: there no search is needed
//   slots_                              hash of the bytes -> k + 1, open addressing; 0 is empty
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/pretoken_key.h"
#include "base/zeroed_array.h"

namespace bpe {

using IdAndBytes = std::pair<std::uint32_t, std::string_view>;

// Ids fit 31 bits (bpe/spec.py: MAX_ID).
inline constexpr std::uint32_t kMaxId = 0x7FFFFFFF;

// Immutable, safe to share. Memory grows with the number of tokens, not with the largest id.
class TokenTable {
 public:
  // The tokens in any order. Throws Error(vocabulary) when an id occurs twice or is too large, or a
  // token is empty. When two tokens have the same bytes, `find` gives the smaller id.
  explicit TokenTable(std::span<const IdAndBytes> tokens);

  // O(1) below the first hole in the ids, O(log n) above. The view lives as long as the table, and
  // 16 bytes can be read from its beginning. A default-made view (data() null) means "no such id".
  std::string_view bytes_of(std::uint32_t id) const noexcept {
    if (id < dense_) return at(id);
    return search(id);
  }

  // O(length).
  std::optional<std::uint32_t> find(std::string_view bytes) const noexcept;
  // The k for which at(k) are these bytes; for who has hash_token(bytes) already.
  std::optional<std::uint32_t> find_index(std::string_view bytes,
                                          std::uint64_t hash) const noexcept;

  // The bytes of the token with the k-th smallest id.
  std::string_view at(std::size_t index) const noexcept {
    return {arena_.data() + offsets_[index], offsets_[index + 1] - offsets_[index]};
  }

  // The same for a short token; `hash` is hash_key(key).
  std::optional<std::uint32_t> find(const PretokenKey& key, std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t slot = hash & mask; slots_[slot].index_plus_one != 0;
         slot = (slot + 1) & mask) {
      if (slots_[slot].tag != tag_of(hash)) continue;
      const std::string_view token = at(slots_[slot].index_plus_one - 1);
      if (token.size() > kMaxKeyBytes) continue;
      // 16 bytes can be read from the beginning of every token.
      if (make_key_unchecked(token.data(), token.size()) == key) {
        return ids_[slots_[slot].index_plus_one - 1];
      }
    }
    return std::nullopt;
  }

  // Three steps that bring what `find` will read into the cache, for one who looks for many tokens:
  // call each for all of them before the next. `hash` is hash_token(bytes).
  void prefetch_slot(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void prefetch_offset(std::uint64_t hash) const noexcept {
    if (const std::uint32_t index = likely_index(hash)) __builtin_prefetch(&offsets_[index - 1]);
  }
  void prefetch_bytes(std::uint64_t hash) const noexcept {
    if (const std::uint32_t index = likely_index(hash)) {
      __builtin_prefetch(arena_.data() + offsets_[index - 1]);
      __builtin_prefetch(&ids_[index - 1]);
    }
  }

  std::size_t size() const noexcept { return ids_.size(); }
  // Without those that have the bytes of a smaller id.
  std::size_t num_distinct() const noexcept { return num_distinct_; }
  // All tokens in a row, in the order of the ids.
  std::string_view joined() const noexcept { return {arena_.data(), offsets_.back()}; }
  std::size_t longest() const noexcept { return longest_; }
  std::span<const std::uint32_t> ids() const noexcept { return ids_; }

 private:
  struct Slot {
    std::uint32_t tag;
    std::uint32_t index_plus_one;
  };

  // The hash of a short token has 32 bits, of which the lowest choose the slot.
  static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32 ^ hash);
  }
  // 1 + the index of the token in the first slot of a hash, 0 when it is certainly another.
  std::uint32_t likely_index(std::uint64_t hash) const noexcept {
    const Slot& slot = slots_[hash & (slots_.size() - 1)];
    return slot.tag == tag_of(hash) ? slot.index_plus_one : 0;
  }
  std::string_view search(std::uint32_t id) const noexcept;
  bool holds(const Slot& slot, std::string_view bytes, std::uint64_t hash) const noexcept;
  void append(std::uint32_t id, std::string_view bytes);
  void index_bytes();

  std::string arena_;
  std::vector<std::uint32_t> offsets_{0};
  std::vector<std::uint32_t> ids_;
  ZeroedArray<Slot> slots_;
  std::size_t dense_ = 0;
  std::size_t num_distinct_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace bpe
