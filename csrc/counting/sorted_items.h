// The content of a table in the order of the pretokens' bytes.
#pragma once

#include <cstdint>
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

}  // namespace bpe
