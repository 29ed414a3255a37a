// Counts of pretokens of 16 bytes and more: a table whose bytes lie in an arena.
//
//   slot                             arena
//   | hash | count | data | length |   -->   ...the bytes of the pretoken...
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/arena.h"
#include "base/hash.h"
#include "counting/slot_table.h"

namespace bpe {

// Equality of strings of at least 16 bytes, without a call for those of at most 32.
inline bool equal_bytes(const char* a, const char* b, std::size_t length) noexcept {
  const auto differ = [&](std::size_t at) {
    return (load_u64(a + at) ^ load_u64(b + at)) | (load_u64(a + at + 8) ^ load_u64(b + at + 8));
  };
  if (length > 32) return std::memcmp(a, b, length) == 0;
  return (differ(0) | differ(length - 16)) == 0;
}

struct LongSlot {
  std::uint64_t full_hash;
  std::uint64_t count;
  const char* data;  // null: the slot is empty
  std::size_t length;

  bool empty() const noexcept { return data == nullptr; }
  std::uint32_t hash() const noexcept { return static_cast<std::uint32_t>(full_hash >> 32); }
  bool same_key(const LongSlot& other) const noexcept {
    return full_hash == other.full_hash && length == other.length && !empty() &&
           equal_bytes(data, other.data, length);
  }
  std::string_view bytes() const noexcept { return {data, length}; }
  void prefetch() const noexcept { __builtin_prefetch(data); }
  std::uint64_t fingerprint() const noexcept { return full_hash; }
};

inline LongSlot make_long_slot(std::string_view bytes, std::uint64_t count) noexcept {
  return {hash_bytes(bytes.data(), bytes.size()), count, bytes.data(), bytes.size()};
}

// Not thread-safe. Strings given to visitors live as long as the table.
class LongTable {
 public:
  std::size_t size() const noexcept { return table_.size(); }

  // The memory it takes, and the most its slots will have taken when so many more are in it.
  std::size_t num_bytes() const noexcept { return table_.num_bytes() + arena_.num_bytes(); }
  std::size_t num_bytes_with(std::size_t num_more) const noexcept {
    return table_.num_bytes_with(num_more) + arena_.num_bytes();
  }

  // Makes room for `num_more` further pretokens. No slot moves while those are added.
  void make_room(std::size_t num_more) { table_.make_room(num_more); }

  void prefetch_slot(const LongSlot& entry) const noexcept {
    const SlotIndex index = table_.index();
    if (index.slots != nullptr) index.prefetch(index.home_of(entry.hash()));
  }

  // After prefetch_slot, and some other work: the bytes that the comparison will need. There must
  // be room for a pretoken.
  void prefetch_bytes(const LongSlot& entry) noexcept { table_.home_of(entry).prefetch(); }

  // Adds a slot whose data may lie anywhere. There must be room for one more pretoken.
  void add(const LongSlot& entry) {
    LongSlot& slot = table_.add(entry);
    if (slot.data == entry.data) slot.data = arena_.copy(entry.bytes()).data();
  }

  std::uint64_t count(std::string_view pretoken) const noexcept {
    return table_.count(make_long_slot(pretoken, 0));
  }

  // For joining: slots may point to the bytes of another table, if its bytes are taken over as
  // well.
  SlotTable<LongSlot>& table() noexcept { return table_; }
  void take_bytes_of(LongTable& other) { arena_.take(other.arena_); }

  // Calls visit(const LongSlot&) for all pretokens, or those of one of `num_parts` parts, in no
  // particular order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    table_.for_each(visit);
  }
  template <class Visit>
  void for_each_part(std::size_t part, std::size_t num_parts, Visit&& visit) const {
    table_.for_each_part(part, num_parts, visit);
  }

 private:
  SlotTable<LongSlot> table_;
  Arena arena_;
};

}  // namespace bpe
