// Prefixes by sorting: in the order of their bytes, a token is followed by all that begin with it.
// Suffixes are the same, read from the back.
#include "vocab/token_parts.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/threads.h"

namespace bpe {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are loaded as a number");

// A token with its first eight bytes, which decide most comparisons, as a number that sorts as they
// do; what a shorter token lacks are zeros.
struct Entry {
  std::uint64_t start;
  std::uint32_t index;
  std::uint32_t size;
};

// Tokens read from the front.
struct Forward {
  static std::uint64_t start_of(std::string_view token) noexcept {
    std::uint64_t bytes;
    std::memcpy(&bytes, token.data(), sizeof bytes);  // 16 can be read from every token
    if (token.size() < sizeof bytes) bytes &= (std::uint64_t{1} << (8 * token.size())) - 1;
    return __builtin_bswap64(bytes);
  }
  static bool less(std::string_view a, std::string_view b) noexcept { return a < b; }
  static bool begins_with(std::string_view token, std::string_view part) noexcept {
    return token.starts_with(part);
  }
};

// Tokens read from the back.
struct Backward {
  static std::uint64_t start_of(std::string_view token) noexcept {
    std::uint64_t bytes;
    const std::size_t missing = sizeof bytes - std::min(sizeof bytes, token.size());
    std::memcpy(&bytes, token.data() + token.size() + missing - sizeof bytes, sizeof bytes);
    return bytes << (8 * missing);
  }
  static bool less(std::string_view a, std::string_view b) noexcept {
    const auto unsigned_less = [](char x, char y) {
      return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
    };
    return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend(), unsigned_less);
  }
  static bool begins_with(std::string_view token, std::string_view part) noexcept {
    return token.ends_with(part);
  }
};

// By the start alone, digit by digit from the last: O(n), and nothing that a processor must guess.
void sort_by_start(std::vector<Entry>& entries) {
  constexpr std::size_t kDigits = sizeof(Entry::start);
  std::array<std::array<std::size_t, 256>, kDigits> places{};
  const auto digit = [](const Entry& entry, std::size_t i) {
    return entry.start >> (8 * i) & 0xFF;
  };
  for (const Entry& entry : entries) {
    for (std::size_t i = 0; i < kDigits; ++i) ++places[i][digit(entry, i)];
  }
  std::vector<Entry> sorted(entries.size());
  for (std::size_t i = 0; i < kDigits; ++i) {
    std::size_t place = 0;
    for (std::size_t& count : places[i]) place += std::exchange(count, place);
    for (const Entry& entry : entries) sorted[places[i][digit(entry, i)]++] = entry;
    swap(entries, sorted);
  }
}

template <class Direction>
std::vector<Entry> in_order(const TokenTable& tokens) {
  std::vector<Entry> entries(tokens.size());
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const std::string_view token = tokens.at(i);
    entries[i] = {Direction::start_of(token), i, static_cast<std::uint32_t>(token.size())};
  }
  sort_by_start(entries);
  for (auto first = entries.begin(); first != entries.end();) {
    const auto last = std::find_if(first + 1, entries.end(),
                                   [&](const Entry& entry) { return entry.start != first->start; });
    if (last - first > 1) {
      std::sort(first, last, [&](const Entry& a, const Entry& b) {
        return Direction::less(tokens.at(a.index), tokens.at(b.index));
      });
    }
    first = last;
  }
  return entries;
}

// Most parts are so short that the starts say it all, and no token has to be fetched.
template <class Direction>
bool begins_with(const TokenTable& tokens, const Entry& entry, const Entry& part) {
  constexpr std::uint32_t kStart = sizeof(Entry::start);
  if (part.size > kStart) {
    return entry.start == part.start &&
           Direction::begins_with(tokens.at(entry.index), tokens.at(part.index));
  }
  return entry.size > part.size && (entry.start ^ part.start) >> (8 * (kStart - part.size)) == 0;
}

// Those that the token at hand begins with are on a stack, the longest on top.
template <class Direction>
std::vector<std::uint32_t> find_longest(const TokenTable& tokens) {
  std::vector<std::uint32_t> longest(tokens.size(), kNoToken);
  std::vector<Entry> stack;
  for (const Entry& entry : in_order<Direction>(tokens)) {
    while (!stack.empty() && !begins_with<Direction>(tokens, entry, stack.back())) stack.pop_back();
    if (!stack.empty()) longest[entry.index] = stack.back().index;
    stack.push_back(entry);
  }
  return longest;
}

}  // namespace

// The two have nothing to do with each other, so there is one for each of two threads.
TokenParts::TokenParts(const TokenTable& tokens) {
  std::atomic<int> next{0};
  Progress unwatched;
  run_in_threads(2, unwatched, [&](std::size_t) {
    for (int half; (half = next.fetch_add(1)) < 2;) {
      if (half == 0) {
        prefix = find_longest<Forward>(tokens);
      } else {
        suffix = find_longest<Backward>(tokens);
      }
    }
  });
}

}  // namespace bpe
