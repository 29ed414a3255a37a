// The slow side of the memo of short pretokens: probing, growing, forgetting.
#include "encoder/short_memo.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include "encoder/tuning.h"

namespace bpe {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the count is read from the top byte of the last eight");

constexpr std::uint64_t kMark = std::uint64_t{1} << 63;

PretokenKey marked(const PretokenKey& key) { return {key.low, key.high | kMark}; }

PretokenKey unmarked(const PretokenKey& key) { return {key.low, key.high & ~kMark}; }

}  // namespace

ShortMemo::ShortMemo() { resize(kFirstMemoSlots); }

// Other text than English makes the table grow on the way.
void ShortMemo::expect_text(std::size_t num_bytes) {
  if (num_bytes <= slots_.size()) return;  // 4 * 3.45 * n^0.62 is below n from 2^10 on
  resize_for(expected_pretokens(num_bytes));
}

void ShortMemo::reserve(std::size_t num_pretokens) {
  resize_for(static_cast<double>(num_used_ + num_pretokens));
}

void ShortMemo::resize_for(double num_pretokens) {
  const double num_wanted = std::min(kMemoSlotsPerPretoken * num_pretokens, double{kMaxMemoSlots});
  const std::size_t num_slots = std::bit_ceil(static_cast<std::size_t>(num_wanted));
  if (num_slots > slots_.size()) resize(num_slots);
}

bool ShortMemo::contains(const PretokenKey& key) const noexcept {
  const PretokenKey marked_key = marked(key);
  std::size_t place = index().home_of(hash_key(key));
  for (std::size_t step = 0; step < kMaxProbe; ++step, place = next_slot(place, slots_.size())) {
    const MemoSlot& slot = slots_[place];
    if (slot.key.empty()) return false;
    if (slot.key == key || slot.key == marked_key) return true;
  }
  return false;
}

bool ShortMemo::append(const PretokenKey& key, IdBuffer& out) {
  const PretokenKey marked_key = marked(key);
  std::size_t place = index().home_of(hash_key(key));
  for (std::size_t step = 0; step < kMaxProbe; ++step, place = next_slot(place, slots_.size())) {
    const MemoSlot& slot = slots_[place];
    if (slot.key.empty()) return false;
    if (slot.key == key) {
      out.reserve_more(kInlineIds);
      out.set_size(out.size() + copy_inline(slot, out.data() + out.size()));
      return true;
    }
    if (slot.key == marked_key) {
      out.append({side_.data() + slot.ids[0], slot.ids[1]});
      return true;
    }
  }
  return false;
}

void ShortMemo::insert(const PretokenKey& key, std::span<const std::uint32_t> ids) {
  if (contains(key)) return;
  if (num_used_ >= slots_.size() / kMemoSlotsPerPretoken || side_.size() > kMaxSideIds) make_room();
  // A full neighbourhood is rare, and a pretoken that is not remembered is merely slow.
  if (place(make_slot(key, ids), key)) ++num_used_;
}

MemoSlot ShortMemo::make_slot(const PretokenKey& key, std::span<const std::uint32_t> ids) {
  constexpr std::uint32_t kFirstLargeId = 1u << 24;
  const bool fits =
      ids.size() < kInlineIds || (ids.size() == kInlineIds && ids[kInlineIds - 1] < kFirstLargeId);
  if (fits) {
    MemoSlot slot{key, {}};
    std::copy(ids.begin(), ids.end(), slot.ids);
    slot.ids[3] |= static_cast<std::uint32_t>(ids.size()) << 24;
    return slot;
  }
  const MemoSlot slot{
      marked(key),
      {static_cast<std::uint32_t>(side_.size()), static_cast<std::uint32_t>(ids.size()), 0, 0}};
  side_.insert(side_.end(), ids.begin(), ids.end());
  return slot;
}

bool ShortMemo::place(const MemoSlot& slot, const PretokenKey& key) {
  std::size_t place = index().home_of(hash_key(key));
  for (std::size_t step = 0; step < kMaxProbe; ++step, place = next_slot(place, slots_.size())) {
    MemoSlot& candidate = slots_[place];
    if (!candidate.key.empty()) continue;
    candidate = slot;
    return true;
  }
  return false;
}

void ShortMemo::make_room() {
  if (slots_.size() < kMaxMemoSlots && side_.size() <= kMaxSideIds) {
    resize(std::min(kMemoGrowth * slots_.size(), kMaxMemoSlots));
  } else if (num_used_ >= slots_.size() / kMinFreeShare || side_.size() > kMaxSideIds) {
    forget();
  }
}

void ShortMemo::resize(std::size_t num_slots) {
  ZeroedArray<MemoSlot> old(num_slots);
  swap(old, slots_);
  shift_ = shift_of(num_slots);
  num_used_ = 0;
  for (const MemoSlot& slot : old) {
    if (slot.key.empty()) continue;
    if (place(slot, unmarked(slot.key))) ++num_used_;
  }
}

void ShortMemo::forget() {
  std::fill(slots_.begin(), slots_.end(), MemoSlot{});
  side_.clear();
  num_used_ = 0;
}

}  // namespace bpe
