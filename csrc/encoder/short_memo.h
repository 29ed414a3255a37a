// Remembers the ids of pretokens of at most 15 bytes: nearly all of them, and they repeat.
//
//   slot, 32 bytes   | key: bytes and length, 16 | id | id | id | count : 8, id : 24 |
//
// A hit is one comparison of 16 bytes and one unconditional 16-byte store; the cursor then moves by
// the count. A pretoken of more than four ids (or whose fourth needs more than 24 bits) lies under
// a *marked* key, which equals no real key, and its slot holds | offset | count | of a side array.
//
// Bounded: a key stands at most kMaxProbe slots behind its home, so that no input can make a
// look-up slow, and when the memory is used up everything is forgotten.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/pretoken_key.h"
#include "base/slot_index.h"
#include "base/zeroed_array.h"
#include "encoder/id_buffer.h"

namespace bpe {

struct alignas(32) MemoSlot {
  PretokenKey key;
  std::uint32_t ids[4];
};
static_assert(sizeof(MemoSlot) == kSlotBytes, "two slots fill a cache line");

inline constexpr std::size_t kInlineIds = 4;

// Not thread-safe: each thread has its own.
class ShortMemo {
 public:
  ShortMemo();

  // Makes the table large enough to take up what a text of this size usually holds.
  void expect_text(std::size_t num_bytes);

  // Makes it large enough to take up so many pretokens more, if it may be that large.
  void reserve(std::size_t num_pretokens);

  SlotIndex index() const noexcept { return {slots_.data(), shift_}; }

  // Writes four ids, of which the returned number is meant; 0 when the key is not in that slot. Its
  // home may come from an older index: then the key is probably not there.
  std::size_t copy_from_home(const PretokenKey& key, std::uint32_t home,
                             std::uint32_t* out) const noexcept {
    const MemoSlot& slot = slots_[home];
    return slot.key == key ? copy_inline(slot, out) : 0;
  }

  // Whether a key stands in that slot. Its home may come from an older index.
  bool is_at(const PretokenKey& key, std::uint32_t home) const noexcept {
    return slots_[home].key == key;
  }

  // Whether a key is remembered, at home or further on.
  bool contains(const PretokenKey& key) const noexcept;

  // Looks further than the home slot. Appends the ids and says true, or says false.
  bool append(const PretokenKey& key, IdBuffer& out);

  // Remembers a key, unless it is there.
  void insert(const PretokenKey& key, std::span<const std::uint32_t> ids);

 private:
  static std::size_t copy_inline(const MemoSlot& slot, std::uint32_t* out) noexcept {
    std::uint64_t low, high;
    std::memcpy(&low, slot.ids, 8);
    std::memcpy(&high, slot.ids + 2, 8);
    const std::size_t count = high >> 56;
    high &= 0x00FFFFFFFFFFFFFFull;
    std::memcpy(out, &low, 8);
    std::memcpy(out + 2, &high, 8);
    return count;
  }

  void resize(std::size_t num_slots);
  void make_room();
  void forget();
  MemoSlot make_slot(const PretokenKey& key, std::span<const std::uint32_t> ids);
  bool place(const MemoSlot& slot, const PretokenKey& key);
  void resize_for(double num_pretokens);

  ZeroedArray<MemoSlot> slots_;
  std::vector<std::uint32_t> side_;
  unsigned shift_ = 0;
  std::size_t num_used_ = 0;
};

}  // namespace bpe
