// Remembers the ids of pretokens of 16 to 128 bytes: rare in English, a sixth of multilingual text.
//
//   slots_   | hash : 32, offset + 1 : 32 |     open addressing, at most half full
//   words_   | length, count | ids ... | bytes, filled up to a whole word |  one record after
//   another
//
// Bounded: when the words are used up everything is forgotten.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/zeroed_array.h"

namespace bpe {

// Not thread-safe: each thread has its own.
class LongMemo {
 public:
  LongMemo();

  // Two steps that bring what `find` will read into the cache, for one who looks for several.
  void prefetch_slot(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&slots_[hash & mask_]);
  }
  void prefetch_record(std::uint64_t hash) const noexcept {
    const Slot slot = slots_[hash & mask_];
    if (slot.offset_plus_one != 0) __builtin_prefetch(words_.data() + slot.offset_plus_one - 1);
  }

  // The ids of a pretoken, empty when it is not known; valid until the next insert. O(length)
  // expected; at most kMaxProbe records are compared.
  std::span<const std::uint32_t> find(std::string_view pretoken, std::uint64_t hash) const noexcept;

  // Remembers a pretoken that `find` did not know.
  void insert(std::string_view pretoken, std::uint64_t hash, std::span<const std::uint32_t> ids);

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t offset_plus_one = 0;
  };

  std::string_view bytes_at(std::size_t offset) const noexcept;
  bool place(Slot slot, std::uint64_t hash);
  void grow_words();
  void grow_slots();
  void forget();

  std::vector<Slot> slots_;
  ZeroedArray<std::uint32_t> words_;
  std::size_t num_words_ = 0;
  std::size_t mask_ = 0;
  std::size_t num_used_ = 0;
};

}  // namespace bpe
