// The open-addressing table under both halves of a CountTable.
//
//   slots_   | - | A | B |   |   | C | D |   | ...      32 bytes each, two per cache line
//              0   home of A and B
//
//   A key starts looking at its home slot and walks to the right. Keys are never removed. When a
//   key that sits away from home becomes more frequent than the one that occupies its home, the two
//   change places: frequent keys are found at the first look. (Walks leave no gap behind, so the
//   key that moves away stays reachable.)
//
//   Homes are ordered like hashes (slot_index.h), so a table grows in place, by one walk from back
//   to front.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/slot_index.h"
#include "base/zeroed_array.h"

namespace bpe {

// All hashes from `first` to `last`.
struct HashRange {
  std::uint32_t first, last;
};

// A Slot has a `count`, `empty()`, which holds when all its bytes are 0, `hash()`, of 32 bits, and
// `same_key(slot)`, which may be asked of an empty one, and `prefetch()`, for what it points to.
// `fingerprint()` is 64 bits that two keys hardly have in common.
//
// Not thread-safe. The content never depends on the order in which keys came; that of slots does.
template <class Slot>
class SlotTable {
  static_assert(sizeof(Slot) == kSlotBytes && std::is_trivially_copyable_v<Slot>);

 public:
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return slots_.size(); }
  SlotIndex index() const noexcept { return {slots_.data(), shift_}; }

  // How many keys more it takes before it grows.
  std::size_t room() const noexcept { return max_keys() - size_; }

  // The memory it takes, and the most it will have taken when so many more are in it.
  std::size_t num_bytes() const noexcept { return slots_.size() * sizeof(Slot); }
  std::size_t num_bytes_with(std::size_t num_more) const noexcept {
    return fits(num_more) ? num_bytes()
                          : bytes_to_extend(num_bytes(), capacity_for(num_more) * sizeof(Slot));
  }

  // Makes room for `num_more` further keys. Nothing moves while those are added.
  void make_room(std::size_t num_more) {
    if (fits(num_more)) return;
    if (size_ + num_more > kMaxKeys) throw std::length_error("too many pretokens");
    grow(capacity_for(num_more));
  }

  // Adds entry.count to what the key has, and returns its slot. There must be room for one more.
  Slot& add(const Slot& entry) noexcept {
    Slot& home = slots_[index().home_of(entry.hash())];
    if (!home.same_key(entry)) return add_away_from_home(entry, home);
    home.count += entry.count;
    return home;
  }

  // Adds to a key that is not in its home slot, or not in the table yet.
  Slot& add_away_from_home(const Slot& entry, Slot& home) noexcept {
    Slot& slot = slots_[walk(entry, static_cast<std::size_t>(&home - slots_.data()))];
    if (slot.empty()) {
      slot = entry;
      ++size_;
    } else {
      slot.count += entry.count;
    }
    if (&slot == &home || slot.count <= home.count) return slot;
    std::swap(slot, home);
    return home;
  }

  // 0 when there is no such key.
  std::uint64_t count(const Slot& entry) const noexcept {
    if (slots_.size() == 0) return 0;
    return slots_[walk(entry, index().home_of(entry.hash()))].count;
  }

  Slot* slots() noexcept { return slots_.data(); }
  Slot& home_of(const Slot& entry) noexcept { return slots_[index().home_of(entry.hash())]; }

  // For several threads, each with a stretch of slots of its own: `add`, if the walk stays left of
  // `limit`, the end of the stretch that the home lies in; else false. The caller has made room,
  // sees to it that the table is never full, and tells `count_new` how many were new.
  bool add_left_of(std::size_t limit, const Slot& entry, std::size_t& num_new) noexcept {
    Slot& home = home_of(entry);
    std::size_t at = static_cast<std::size_t>(&home - slots_.data());
    while (!slots_[at].empty() && !slots_[at].same_key(entry)) {
      if (++at == limit) return false;
    }
    Slot& slot = slots_[at];
    if (slot.empty()) {
      slot = entry;
      ++num_new;
    } else {
      slot.count += entry.count;
    }
    if (slot.count > home.count) std::swap(slot, home);
    return true;
  }
  void count_new(std::size_t num_new) noexcept { size_ += num_new; }

  // Calls visit(const Slot&) for all keys. Not in the order of their homes: who adds them to a
  // table that grows on the way would always add to its fullest end. A step of the golden ratio
  // from one stretch to the next leaves all parts of the other table equally full at any time.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each_part(0, 1, visit);
  }

  // The same for one of `num_parts` parts, of about the same size.
  template <class Visit>
  void for_each_part(std::size_t part, std::size_t num_parts, Visit&& visit) const {
    const std::size_t num_stretches = slots_.size() / kMinCapacity;
    const std::size_t step =
        static_cast<std::size_t>(0.618 * static_cast<double>(num_stretches)) | 1;
    const auto stretch = [&](std::size_t i) {
      return slots_.data() + (i * step & (num_stretches - 1)) * kMinCapacity;
    };
    const std::size_t end = num_stretches * (part + 1) / num_parts;
    for (std::size_t i = num_stretches * part / num_parts; i < end; ++i) {
      const Slot* const begin = stretch(i);
      const Slot* const next = stretch(i + 1);
      for (std::size_t at = 0; at < kVisitAhead; ++at) begin[at].prefetch();
      for (std::size_t at = 0; at < kMinCapacity; ++at) {
        // No CPU foresees where the next stretch is, nor what the slots point to.
        __builtin_prefetch(next + at);
        if (at + kVisitAhead < kMinCapacity) begin[at + kVisitAhead].prefetch();
        if (!begin[at].empty()) visit(begin[at]);
      }
    }
  }

  // The same for the keys of some hashes. They stand between the home of the first and the empty
  // slot behind the home of the last; past the end of the table, those that were carried there.
  template <class Visit>
  void for_each_in(HashRange range, Visit&& visit) const {
    if (size_ == 0) return;
    const std::size_t last_home = index().home_of(range.last);
    bool wrapped = false;
    for (std::size_t at = index().home_of(range.first);;) {
      const Slot& slot = slots_[at];
      if (!slot.empty()) {
        const std::uint32_t hash = slot.hash();
        const bool carried = index().home_of(hash) > at;
        if (carried == wrapped && hash >= range.first && hash <= range.last) visit(slot);
      } else if (wrapped || at >= last_home) {
        return;
      }
      at = next_slot(at, slots_.size());
      wrapped = wrapped || at == 1;
    }
  }

 private:
  static constexpr std::size_t kMinCapacity = 64;
  static constexpr std::size_t kVisitAhead = 16;
  static constexpr std::size_t kMaxKeys = std::size_t{1} << 31;

  // At most five eighths are occupied. Half the slots for 3 % of the time: see benchmarks/LOG.md.
  std::size_t max_keys() const noexcept { return slots_.size() / 8 * 5; }
  bool fits(std::size_t num_more) const noexcept { return size_ + num_more <= max_keys(); }
  std::size_t capacity_for(std::size_t num_more) const noexcept {
    return std::max(kMinCapacity, std::bit_ceil((size_ + num_more + 4) / 5 * 8));
  }

  // The slot of the key, or the empty one where it belongs.
  std::size_t walk(const Slot& entry, std::size_t slot) const noexcept {
    while (!slots_[slot].empty() && !slots_[slot].same_key(entry)) {
      slot = next_slot(slot, slots_.size());
    }
    return slot;
  }

  // In place, from back to front. The new home of a key lies at or behind its old slot, where all
  // that is there has been dealt with already. Not so at the very start of the table, where a key
  // may have walked further than its home has moved, nor where a walk would pass the end: these few
  // are put aside and come last.
  void grow(std::size_t new_capacity) {
    const std::size_t old_capacity = slots_.size();
    std::vector<Slot> set_aside;
    slots_.extend(new_capacity);
    shift_ = shift_of(new_capacity);
    for (std::size_t at = old_capacity; at-- > 1;) {
      if (slots_[at].empty()) continue;
      const Slot slot = std::exchange(slots_[at], Slot{});
      if (!move_right_of(at, slot)) set_aside.push_back(slot);
    }
    size_ -= set_aside.size();
    for (const Slot& slot : set_aside) add(slot);
  }

  bool move_right_of(std::size_t limit, const Slot& entry) noexcept {
    const std::size_t home = index().home_of(entry.hash());
    if (home < limit) return false;
    std::size_t at = home;
    while (!slots_[at].empty()) {
      if (++at == slots_.size()) return false;
    }
    slots_[at] = entry;
    if (entry.count > slots_[home].count) std::swap(slots_[at], slots_[home]);
    return true;
  }

  ZeroedArray<Slot> slots_;  // a power of two of them, or none
  unsigned shift_ = 0;
  std::size_t size_ = 0;
};

}  // namespace bpe
