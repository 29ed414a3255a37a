// One merge of each pretoken at a time.
#include "encoder/group_merger.h"

#include <algorithm>
#include <bit>

namespace bpe {
namespace {

constexpr std::uint64_t kNoMerge = ~std::uint64_t{0};

// The places next to one that is alive; 32 and more when there is none.
unsigned next_alive(std::uint32_t alive, unsigned place) noexcept {
  return static_cast<unsigned>(std::countr_zero(alive & (~std::uint32_t{1} << place)));
}
unsigned previous_alive(std::uint32_t alive, unsigned place) noexcept {
  const std::uint32_t before = alive & ((std::uint32_t{1} << place) - 1);
  return 31u - static_cast<unsigned>(std::countl_zero(before));
}

}  // namespace

void GroupMerger::add(const PretokenKey& key) {
  const std::string_view bytes = key_bytes(key);
  Word& word = words_[size_++];
  word.order.fill(kNoMerge);
  word.alive = (std::uint32_t{1} << bytes.size()) - 1;
  for (unsigned i = 0; i < bytes.size(); ++i) {
    word.id[i] = vocabulary_.byte_ids[static_cast<unsigned char>(bytes[i])];
  }
  for (unsigned i = 0; i + 1 < bytes.size(); ++i) {
    set(word, i, byte_pairs_.find(bytes[i], bytes[i + 1]));
  }
}

void GroupMerger::merge() {
  std::array<Word*, kMaxGroup> active;
  std::size_t count = 0;
  for (std::size_t i = 0; i < size_; ++i) active[count++] = &words_[i];
  while (count != 0) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (merge_one(*active[i])) active[kept++] = active[i];
    }
    count = kept;
    for (std::size_t i = 0; i < count; ++i) look_up(*active[i]);
  }
}

void GroupMerger::set(Word& word, unsigned place, Merge merge) noexcept {
  word.order[place] = merge.rank == kNoRank ? kNoMerge : std::uint64_t{merge.rank} << 8 | place;
  word.new_id[place] = merge.new_id;
}

// Makes the next merge and asks for the pairs that it made. False when there is none to make.
bool GroupMerger::merge_one(Word& word) noexcept {
  std::uint64_t first = word.order[0], second = word.order[1];
  for (std::size_t i = 2; i < kPlaces; i += 2) {
    first = std::min(first, word.order[i]);
    second = std::min(second, word.order[i + 1]);
  }
  const std::uint64_t smallest = std::min(first, second);
  if (smallest == kNoMerge) return false;
  const unsigned at = smallest & 0xFF;
  const unsigned gone = next_alive(word.alive, at);
  word.id[at] = word.new_id[at];
  word.alive &= ~(std::uint32_t{1} << gone);
  word.order[at] = word.order[gone] = kNoMerge;
  word.merged = at;
  const unsigned next = next_alive(word.alive, at);
  const unsigned previous = previous_alive(word.alive, at);
  if (next < kPlaces) vocabulary_.merges.prefetch(word.id[at], word.id[next]);
  if (previous < kPlaces) vocabulary_.merges.prefetch(word.id[previous], word.id[at]);
  return true;
}

void GroupMerger::look_up(Word& word) noexcept {
  const unsigned at = word.merged;
  const unsigned next = next_alive(word.alive, at);
  const unsigned previous = previous_alive(word.alive, at);
  if (next < kPlaces) set(word, at, vocabulary_.merges.find(word.id[at], word.id[next]));
  if (previous < kPlaces) {
    set(word, previous, vocabulary_.merges.find(word.id[previous], word.id[at]));
  }
}

std::span<const std::uint32_t> GroupMerger::ids(std::size_t i) noexcept {
  Word& word = words_[i];
  std::size_t count = 0;
  for (std::uint32_t alive = word.alive; alive != 0; alive &= alive - 1) {
    word.new_id[count++] = word.id[static_cast<unsigned>(std::countr_zero(alive))];
  }
  return {word.new_id.data(), count};
}

}  // namespace bpe
