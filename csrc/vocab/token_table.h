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

  std::size_t size() const noexcept { return ids_.size(); }
  std::size_t longest() const noexcept { return longest_; }
  std::span<const std::uint32_t> ids() const noexcept { return ids_; }

 private:
  struct Slot {
    std::uint32_t tag;
    std::uint32_t index_plus_one;
  };

  std::string_view at(std::size_t index) const noexcept {
    return {arena_.data() + offsets_[index], offsets_[index + 1] - offsets_[index]};
  }
  std::string_view search(std::uint32_t id) const noexcept;
  void append(std::uint32_t id, std::string_view bytes);
  void index_bytes();

  std::string arena_;
  std::vector<std::uint32_t> offsets_{0};
  std::vector<std::uint32_t> ids_;
  ZeroedArray<Slot> slots_;
  std::size_t dense_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace bpe
