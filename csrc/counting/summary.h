// What can be said of counts at a glance.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace bpe {

struct CountsSummary {
  std::uint64_t num_distinct_bytes = 0;  // of the distinct pretokens
  unsigned __int128 num_text_bytes = 0;  // of all their occurrences
  std::uint64_t num_singletons = 0;
  std::uint64_t longest = 0;
  // Element k: how many distinct pretokens have at least 2^k and less than 2^(k+1) bytes.
  std::array<std::uint64_t, 64> by_length{};

  void add(std::string_view pretoken, std::uint64_t count) noexcept {
    num_distinct_bytes += pretoken.size();
    num_text_bytes += static_cast<unsigned __int128>(pretoken.size()) * count;
    num_singletons += count == 1;
    longest = std::max<std::uint64_t>(longest, pretoken.size());
    ++by_length[static_cast<std::size_t>(std::bit_width(pretoken.size()) - 1)];
  }
};

}  // namespace bpe
