// The table of long pretokens.
#include "counting/long_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace bpe {
namespace {

constexpr std::size_t kMinCapacity = 32;

}  // namespace

void LongTable::make_room(std::size_t num_more) {
  if (fits(num_more)) return;
  if (size_ + num_more > SIZE_MAX / (4 * sizeof(Slot))) {
    throw std::length_error("too many pretokens");
  }
  grow(capacity_for(num_more));
}

std::size_t LongTable::capacity_for(std::size_t num_more) const noexcept {
  return std::max(kMinCapacity, std::bit_ceil(2 * (size_ + num_more)));
}

void LongTable::grow(std::size_t new_capacity) {
  ZeroedArray<Slot> old(new_capacity);
  swap(old, slots_);
  for (const Slot& slot : old) {
    if (slot.data == nullptr) continue;
    std::size_t index = slot.hash & mask();
    while (slots_[index].data != nullptr) index = (index + 1) & mask();
    slots_[index] = slot;
  }
}

// The slot of the pretoken, or the empty one where it belongs.
std::size_t LongTable::find(std::string_view pretoken, std::uint64_t hash) const noexcept {
  std::size_t index = hash & mask();
  while (true) {
    const Slot& slot = slots_[index];
    if (slot.data == nullptr) return index;
    if (slot.hash == hash && slot.length == pretoken.size() &&
        std::memcmp(slot.data, pretoken.data(), slot.length) == 0) {
      return index;
    }
    index = (index + 1) & mask();
  }
}

void LongTable::add(std::string_view pretoken, std::uint64_t hash, std::uint64_t count) {
  Slot& slot = slots_[find(pretoken, hash)];
  if (slot.data == nullptr) {
    slot = {hash, 0, arena_.copy(pretoken).data(), pretoken.size()};
    ++size_;
  }
  slot.count += count;
}

std::uint64_t LongTable::count(std::string_view pretoken) const noexcept {
  if (slots_.size() == 0) return 0;
  return slots_[find(pretoken, hash_bytes(pretoken.data(), pretoken.size()))].count;
}

}  // namespace bpe
