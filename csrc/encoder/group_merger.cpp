// One merge of each pretoken at a time.
#include "encoder/group_merger.h"

#include <algorithm>
#include <bit>

namespace bpe {
namespace {

constexpr std::uint32_t kLeftEnd = 1;
constexpr std::uint32_t kSignBit = std::uint32_t{1} << 31;
// With any place in its lower bits it is larger than every order that a merge has.
constexpr std::int32_t kNoMerge = static_cast<std::int32_t>((kNoRank << 4) ^ kSignBit);

// The places next to one that is alive.
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
  const auto size = static_cast<unsigned>(bytes.size());
  Word& word = words_[size_++];
  word.order.fill(kNoMerge);
  word.alive = (std::uint32_t{1} << (size + 2)) - 1;
  word.id[0] = kNoId;
  word.id[size + 1] = kNoId;
  for (unsigned i = 0; i < size; ++i) {
    word.id[i + 1] = vocabulary_.byte_ids[static_cast<unsigned char>(bytes[i])];
  }
  for (unsigned i = 0; i + 1 < size; ++i)
    set(word, i + 1, byte_pairs_.find(bytes[i], bytes[i + 1]));
}

void GroupMerger::merge() {
  std::array<Word*, kMaxGroup> active;
  std::size_t count = size_;
  for (std::size_t i = 0; i < size_; ++i) active[i] = &words_[i];
  while (count != 0) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      active[kept] = active[i];
      kept += merge_one(*active[i]);
    }
    count = kept;
    for (std::size_t i = 0; i < count; ++i) look_up(*active[i]);
  }
}

void GroupMerger::set(Word& word, unsigned place, Merge merge) noexcept {
  word.order[place] = static_cast<std::int32_t>((merge.rank << kPlaceBits | place) ^ kSignBit);
  word.new_id[place] = merge.new_id;
}

// Makes the next merge and asks for the pairs that it made. False when there is none to make.
bool GroupMerger::merge_one(Word& word) noexcept {
  std::int32_t smallest = word.order[0];
  for (std::size_t i = 1; i < kPlaces; ++i) smallest = std::min(smallest, word.order[i]);
  if (smallest >= kNoMerge) return false;
  const unsigned place = static_cast<std::uint32_t>(smallest) % kPlaces;
  const unsigned gone = next_alive(word.alive, place);
  word.alive ^= std::uint32_t{1} << gone;
  word.order[gone] = kNoMerge;
  const std::uint32_t id = word.id[place] = word.new_id[place];
  word.place = place;
  word.previous = previous_alive(word.alive, place);
  word.next = next_alive(word.alive, place);
  const MergeTable& merges = vocabulary_.merges;
  word.left_home = merges.home_of(word.id[word.previous], id);
  word.right_home = merges.home_of(id, word.id[word.next]);
  merges.prefetch(word.left_home);
  merges.prefetch(word.right_home);
  return true;
}

void GroupMerger::look_up(Word& word) noexcept {
  const MergeTable& merges = vocabulary_.merges;
  const std::uint32_t id = word.id[word.place];
  set(word, word.previous, merges.find_from(word.left_home, word.id[word.previous], id));
  set(word, word.place, merges.find_from(word.right_home, id, word.id[word.next]));
}

std::span<const std::uint32_t> GroupMerger::ids(std::size_t i) noexcept {
  Word& word = words_[i];
  std::size_t count = 0;
  // The highest bit is the right end, no symbol; nor is the lowest.
  std::uint32_t symbols = word.alive ^ kLeftEnd ^ std::bit_floor(word.alive);
  for (; symbols != 0; symbols &= symbols - 1) {
    word.new_id[count++] = word.id[static_cast<unsigned>(std::countr_zero(symbols))];
  }
  return {word.new_id.data(), count};
}

}  // namespace bpe
