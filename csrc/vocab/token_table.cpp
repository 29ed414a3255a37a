// Building and searching the table of tokens.
#include "vocab/token_table.h"

#include <algorithm>
#include <limits>

#include "base/errors.h"
#include "vocab/hash.h"

namespace bpe {
namespace {

// Readers copy 16 bytes at a time, so the last token needs that many behind its first byte.
constexpr std::size_t kPadding = 16;

[[noreturn]] void refuse(std::uint32_t id, const std::string& why) {
  throw Error(ErrorKind::vocabulary, "id " + std::to_string(id) + " " + why);
}

// How far ahead the slots of a table under construction are fetched.
constexpr std::size_t kAhead = 16;

bool by_id(const IdAndBytes& a, const IdAndBytes& b) noexcept { return a.first < b.first; }

std::vector<IdAndBytes> sorted_by_id(std::span<const IdAndBytes> tokens) {
  std::vector<IdAndBytes> sorted(tokens.begin(), tokens.end());
  std::stable_sort(sorted.begin(), sorted.end(), by_id);
  return sorted;
}

}  // namespace

TokenTable::TokenTable(std::span<const IdAndBytes> tokens) {
  offsets_.reserve(tokens.size() + 1);
  ids_.reserve(tokens.size());
  if (std::is_sorted(tokens.begin(), tokens.end(), by_id)) {
    for (const auto& [id, bytes] : tokens) append(id, bytes);
  } else {
    for (const auto& [id, bytes] : sorted_by_id(tokens)) append(id, bytes);
  }
  arena_.resize(arena_.size() + kPadding);
  while (dense_ < ids_.size() && ids_[dense_] == dense_) ++dense_;
  index_bytes();
}

void TokenTable::append(std::uint32_t id, std::string_view bytes) {
  if (id > kMaxId) refuse(id, "is above the largest possible, 2147483647");
  if (!ids_.empty() && ids_.back() == id) refuse(id, "is given to two tokens");
  if (bytes.empty()) refuse(id, "has no bytes");
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max() - kPadding - arena_.size()) {
    refuse(id, "does not fit: all tokens together may have 4 GiB");
  }
  arena_.append(bytes);
  offsets_.push_back(static_cast<std::uint32_t>(arena_.size()));
  ids_.push_back(id);
  longest_ = std::max(longest_, bytes.size());
}

void TokenTable::index_bytes() {
  slots_ = ZeroedArray<Slot>(slots_for(ids_.size()));
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t index = 0; index < ids_.size(); ++index) {
    if (index + kAhead < ids_.size()) prefetch_slot(hash_token_unchecked(at(index + kAhead)));
    const std::string_view bytes = at(index);
    const std::uint64_t hash = hash_token_unchecked(bytes);
    std::size_t slot = hash & mask;
    while (slots_[slot].index_plus_one != 0 && !holds(slots_[slot], bytes, hash)) {
      slot = (slot + 1) & mask;
    }
    if (slots_[slot].index_plus_one != 0) continue;
    slots_[slot] = {tag_of(hash), static_cast<std::uint32_t>(index + 1)};
    ++num_distinct_;
  }
}

std::optional<std::uint32_t> TokenTable::find(std::string_view bytes) const noexcept {
  if (bytes.size() > longest_) return std::nullopt;
  const auto index = find_index(bytes, hash_token(bytes));
  return index ? std::optional(ids_[*index]) : std::nullopt;
}

std::optional<std::uint32_t> TokenTable::find_index(std::string_view bytes,
                                                    std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot].index_plus_one != 0; slot = (slot + 1) & mask) {
    if (holds(slots_[slot], bytes, hash)) return slots_[slot].index_plus_one - 1;
  }
  return std::nullopt;
}

bool TokenTable::holds(const Slot& slot, std::string_view bytes,
                       std::uint64_t hash) const noexcept {
  return slot.tag == tag_of(hash) && at(slot.index_plus_one - 1) == bytes;
}

std::string_view TokenTable::search(std::uint32_t id) const noexcept {
  const auto found =
      std::lower_bound(ids_.begin() + static_cast<std::ptrdiff_t>(dense_), ids_.end(), id);
  if (found == ids_.end() || *found != id) return {};
  return at(static_cast<std::size_t>(found - ids_.begin()));
}

}  // namespace bpe
