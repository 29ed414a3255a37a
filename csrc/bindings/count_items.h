// (pretoken, count) on the way to Python, from a table or from a file.
#pragma once

#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "counting/summary.h"

namespace bpe::bindings {

inline pybind11::tuple to_tuple(std::string_view pretoken, std::uint64_t count) {
  return pybind11::make_tuple(pybind11::bytes(pretoken.data(), pretoken.size()), count);
}

// `Text` is a view while its owner stays as it is, or a string that owns its bytes.
template <class Text>
pybind11::list to_list(const std::vector<std::pair<Text, std::uint64_t>>& items) {
  pybind11::list list(items.size());
  for (std::size_t index = 0; index < items.size(); ++index) {
    list[index] = to_tuple(items[index].first, items[index].second);
  }
  return list;
}

// The n largest by count descending, then by bytes ascending. Memory: n items.
template <class Text, class Counts>
pybind11::list top_items(const Counts& counts, pybind11::ssize_t n) {
  using Item = std::pair<Text, std::uint64_t>;
  const auto comes_before = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const std::size_t num_wanted = static_cast<std::size_t>(std::max<pybind11::ssize_t>(n, 0));
  std::vector<Item> best;  // a heap, the last of them in front
  counts.for_each([&](std::string_view pretoken, std::uint64_t count) {
    if (best.size() == num_wanted) {
      if (num_wanted == 0 || !comes_before(std::pair(pretoken, count), best.front())) return;
      std::pop_heap(best.begin(), best.end(), comes_before);
      best.pop_back();
    }
    best.emplace_back(pretoken, count);
    std::push_heap(best.begin(), best.end(), comes_before);
  });
  std::sort_heap(best.begin(), best.end(), comes_before);
  return to_list(best);
}

// The five numbers of CountsSummary, in order.
template <class Counts>
pybind11::tuple summarize(const Counts& counts) {
  CountsSummary summary;
  counts.for_each([&](std::string_view text, std::uint64_t count) { summary.add(text, count); });
  const pybind11::int_ low(static_cast<std::uint64_t>(summary.num_text_bytes));
  const pybind11::int_ high(static_cast<std::uint64_t>(summary.num_text_bytes >> 64));
  const pybind11::object num_text_bytes = (high << pybind11::int_(64)) | low;
  pybind11::list by_length;
  for (const std::uint64_t number : summary.by_length) by_length.append(number);
  return pybind11::make_tuple(summary.num_distinct_bytes, num_text_bytes, summary.num_singletons,
                              summary.longest, by_length);
}

}  // namespace bpe::bindings
