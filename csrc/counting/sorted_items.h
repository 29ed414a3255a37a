// The content of a table in the order of the pretokens' bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "counting/count_table.h"

namespace bpe {

struct SortedItem {
  std::uint64_t prefix;  // the first eight bytes, zero-padded, most significant first
  std::string_view pretoken;
  std::uint64_t count;

  friend bool operator<(const SortedItem& a, const SortedItem& b) noexcept {
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.pretoken < b.pretoken;
  }
};

// O(n log n). Memory: 32 bytes a pretoken, beside the table. The views are valid until the table
// changes.
std::vector<SortedItem> sorted_items(const CountTable& table, const Progress& progress);

// Calls visit(item) for all items in their order. Their bytes lie all over the table, so those of
// the next ones are on their way to the cache meanwhile.
template <class Visit>
void visit_sorted(std::span<const SortedItem> items, Visit&& visit) {
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + kAhead < items.size()) __builtin_prefetch(items[i + kAhead].pretoken.data());
    visit(items[i]);
  }
}

}  // namespace bpe
