// Finding and remembering long pretokens.
#include "encoder/long_memo.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "encoder/tuning.h"
#include "vocab/hash.h"

namespace bpe {
namespace {

constexpr std::size_t kHeaderWords = 2;

std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

std::size_t words_for(std::size_t num_bytes) { return (num_bytes + 3) / 4; }

}  // namespace

LongMemo::LongMemo()
    : slots_(kFirstLongSlots), words_(kFirstLongWords), mask_(kFirstLongSlots - 1) {}

std::string_view LongMemo::bytes_at(std::size_t offset) const noexcept {
  const std::uint32_t* record = words_.data() + offset;
  return {reinterpret_cast<const char*>(record + kHeaderWords + record[1]), record[0]};
}

std::span<const std::uint32_t> LongMemo::find(std::string_view pretoken,
                                              std::uint64_t hash) const noexcept {
  for (std::size_t step = 0; step < kMaxProbe; ++step) {
    const Slot slot = slots_[(hash + step) & mask_];
    if (slot.offset_plus_one == 0) return {};
    const std::size_t offset = slot.offset_plus_one - 1;
    if (slot.tag == tag_of(hash) && bytes_at(offset) == pretoken) {
      return {words_.data() + offset + kHeaderWords, words_[offset + 1]};
    }
  }
  return {};
}

void LongMemo::insert(std::string_view pretoken, std::uint64_t hash,
                      std::span<const std::uint32_t> ids) {
  const std::size_t num_words = kHeaderWords + ids.size() + words_for(pretoken.size());
  if (num_words_ + num_words > kMaxLongMemoWords) forget();
  if (num_words_ + num_words > words_.size()) grow_words();
  if (2 * num_used_ >= slots_.size()) grow_slots();
  const std::size_t offset = num_words_;
  // In a full neighbourhood this one is not remembered.
  if (!place({tag_of(hash), static_cast<std::uint32_t>(offset + 1)}, hash)) return;
  num_words_ += num_words;
  ++num_used_;
  words_[offset] = static_cast<std::uint32_t>(pretoken.size());
  words_[offset + 1] = static_cast<std::uint32_t>(ids.size());
  std::uint32_t* rest = std::copy(ids.begin(), ids.end(), words_.data() + offset + kHeaderWords);
  std::memcpy(rest, pretoken.data(), pretoken.size());
}

bool LongMemo::place(Slot slot, std::uint64_t hash) {
  for (std::size_t step = 0; step < kMaxProbe; ++step) {
    Slot& candidate = slots_[(hash + step) & mask_];
    if (candidate.offset_plus_one != 0) continue;
    candidate = slot;
    return true;
  }
  return false;
}

void LongMemo::grow_words() {
  ZeroedArray<std::uint32_t> old(kMaxLongMemoWords);
  swap(old, words_);
  std::copy_n(old.data(), num_words_, words_.data());
}

void LongMemo::grow_slots() {
  std::vector<Slot> old(kLongMemoGrowth * slots_.size());
  std::swap(old, slots_);
  mask_ = slots_.size() - 1;
  num_used_ = 0;
  for (const Slot& slot : old) {
    if (slot.offset_plus_one == 0) continue;
    if (place(slot, hash_token(bytes_at(slot.offset_plus_one - 1)))) ++num_used_;
  }
}

void LongMemo::forget() {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  num_words_ = 0;
  num_used_ = 0;
}

}  // namespace bpe
