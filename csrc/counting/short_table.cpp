// The rare paths of the table of short pretokens: displaced keys and growth.
#include "counting/short_table.h"

#include <algorithm>
#include <stdexcept>

namespace bpe {
namespace {

constexpr std::size_t kMinCapacity = 64;

}  // namespace

void ShortTable::make_room(std::size_t num_more) {
  if (fits(num_more)) return;
  if (size_ + num_more > SIZE_MAX / (4 * sizeof(Slot))) {
    throw std::length_error("too many pretokens");
  }
  grow(capacity_for(num_more));
}

std::size_t ShortTable::capacity_for(std::size_t num_more) const noexcept {
  return std::max(kMinCapacity, std::bit_ceil(2 * (size_ + num_more)));
}

void ShortTable::grow(std::size_t new_capacity) {
  ZeroedArray<Slot> old(new_capacity);
  swap(old, slots_);
  size_ = 0;
  for (const Slot& slot : old) {
    if (!slot.key.empty()) add(slot.key, hash_key(slot.key), slot.count);
  }
}

void ShortTable::add_away_from_home(const PretokenKey& key, std::size_t home,
                                    std::uint64_t count) noexcept {
  std::size_t index = home;
  while (!slots_[index].key.empty() && slots_[index].key != key) index = (index + 1) & mask();
  Slot& slot = slots_[index];
  if (slot.key.empty()) {
    slot.key = key;
    ++size_;
  }
  slot.count += count;
  if (slot.count > slots_[home].count) std::swap(slot, slots_[home]);
}

std::uint64_t ShortTable::count(const PretokenKey& key) const noexcept {
  if (capacity() == 0) return 0;
  std::size_t index = hash_key(key) & mask();
  while (!slots_[index].key.empty() && slots_[index].key != key) index = (index + 1) & mask();
  return slots_[index].count;
}

}  // namespace bpe
