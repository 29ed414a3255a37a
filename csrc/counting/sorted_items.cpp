// Items are dealt out by their first two bytes in two walks over the table, so that the sorts that
// follow are short and find what they compare in the cache.
#include "counting/sorted_items.h"

#include <algorithm>
#include <cstddef>

namespace bpe {
namespace {

constexpr std::size_t kNumBuckets = std::size_t{1} << 16;
constexpr std::size_t kCheckEvery = std::size_t{1} << 12;  // items between two looks at progress

// Below this the buckets cost more than they save.
constexpr std::size_t kMinBucketed = std::size_t{1} << 12;

std::uint64_t prefix_of(std::string_view bytes) noexcept {
  std::uint64_t prefix = 0;
  const std::size_t length = std::min<std::size_t>(bytes.size(), 8);
  for (std::size_t i = 0; i < length; ++i) {
    prefix |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (56 - 8 * i);
  }
  return prefix;
}

std::vector<SortedItem> sort_directly(const CountTable& table) {
  std::vector<SortedItem> items;
  items.reserve(table.size());
  table.for_each([&](std::string_view pretoken, std::uint64_t count) {
    items.push_back({prefix_of(pretoken), pretoken, count});
  });
  std::sort(items.begin(), items.end());
  return items;
}

}  // namespace

std::vector<SortedItem> sorted_items(const CountTable& table, const Progress& progress) {
  if (table.size() < kMinBucketed) return sort_directly(table);
  std::vector<std::size_t> starts(kNumBuckets + 1);
  table.for_each(
      [&](std::string_view pretoken, std::uint64_t) { ++starts[(prefix_of(pretoken) >> 48) + 1]; });
  for (std::size_t bucket = 0; bucket < kNumBuckets; ++bucket) {
    starts[bucket + 1] += starts[bucket];
  }
  progress.check();
  std::vector<SortedItem> items(table.size());
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  table.for_each([&](std::string_view pretoken, std::uint64_t count) {
    const std::uint64_t prefix = prefix_of(pretoken);
    items[next[prefix >> 48]++] = {prefix, pretoken, count};
  });
  std::size_t checked = 0;
  for (std::size_t bucket = 0; bucket < kNumBuckets; ++bucket) {
    if (starts[bucket + 1] - checked >= kCheckEvery) {
      progress.check();
      checked = starts[bucket + 1];
    }
    std::sort(items.begin() + static_cast<std::ptrdiff_t>(starts[bucket]),
              items.begin() + static_cast<std::ptrdiff_t>(starts[bucket + 1]));
  }
  return items;
}

}  // namespace bpe
