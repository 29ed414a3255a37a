// Counts of pretokens of at most 15 bytes: a table of packed keys.
//
//   slot   | key: 15 bytes + length | count | unused |
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "base/pretoken_key.h"
#include "counting/slot_table.h"
#include "pretokenizer/key_batch.h"

namespace bpe {

struct ShortSlot {
  PretokenKey key;
  std::uint64_t count;
  std::uint64_t unused;

  bool empty() const noexcept { return key.empty(); }
  std::uint32_t hash() const noexcept { return hash_key(key); }
  bool same_key(const ShortSlot& other) const noexcept { return key == other.key; }
  void prefetch() const noexcept {}
  std::uint64_t fingerprint() const noexcept {
    return fold_product(key.low ^ kHashSeed.bytes_first, key.high ^ kHashSeed.bytes_second);
  }
};

// Not thread-safe.
class ShortTable {
 public:
  std::size_t size() const noexcept { return table_.size(); }
  std::size_t num_bytes() const noexcept { return table_.num_bytes(); }
  std::size_t num_bytes_with(std::size_t num_more) const noexcept {
    return table_.num_bytes_with(num_more);
  }
  SlotIndex index() const noexcept { return table_.index(); }

  // Makes room for `num_more` further keys. Nothing moves while those are added.
  void make_room(std::size_t num_more) { table_.make_room(num_more); }

  // There must be room for one more key.
  void add(const PretokenKey& key, std::uint64_t count) noexcept { table_.add({key, count, 0}); }

  // Adds one to each key of a batch that was packed for the index this table has, but for the empty
  // keys of long pretokens. There must be room for all.
  void count(const KeyBatch& batch) noexcept;

  std::uint64_t count(const PretokenKey& key) const noexcept { return table_.count({key, 0, 0}); }

  SlotTable<ShortSlot>& table() noexcept { return table_; }

  // Calls visit(key, count) for all keys, or those of one of `num_parts` parts, in no particular
  // order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each_part(0, 1, visit);
  }
  template <class Visit>
  void for_each_part(std::size_t part, std::size_t num_parts, Visit&& visit) const {
    table_.for_each_part(part, num_parts,
                         [&](const ShortSlot& slot) { visit(slot.key, slot.count); });
  }

 private:
  SlotTable<ShortSlot> table_;
};

}  // namespace bpe
