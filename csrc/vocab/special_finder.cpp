// The automaton behind the search for special tokens: building and running it.
#include "vocab/special_finder.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/errors.h"

namespace bpe {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kLargeBlock = 512;
// With more distinct ends than this, looking each last byte up in a table is
// the faster filter.
constexpr std::size_t kMaxVectorEnds = 4;

// Whether the two bytes of `end` stand anywhere in a block: its second one in
// the `size` bytes from `data` on. Compilers make vector code of it.
template <std::size_t size>
bool block_contains(const char* data, SpecialEnd end) noexcept {
  unsigned char found = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const bool last = data[i] == end.last;
    const bool before = data[static_cast<std::ptrdiff_t>(i) - 1] == end.before;
    found |= static_cast<unsigned char>(last & before);
  }
  return found != 0;
}

// The tokens of one state while the trie is built: all that share the first
// `depth` bytes.
struct Group {
  std::size_t begin, end, depth;
};

}  // namespace

SpecialFinder::SpecialFinder(std::span<const IdAndBytes> tokens) {
  std::vector<std::string> reversed;
  for (const auto& [id, bytes] : tokens) reversed.emplace_back(bytes.rbegin(), bytes.rend());
  std::vector<std::size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return reversed[a] < reversed[b]; });

  std::vector<std::string> sorted;
  std::size_t total = 0;
  for (const std::size_t index : order) {
    sorted.push_back(std::move(reversed[index]));
    total += sorted.back().size();
    tokens_.push_back({static_cast<std::uint32_t>(sorted.back().size()), tokens[index].first});
    is_last_byte_[static_cast<unsigned char>(sorted.back().front())] = true;
  }
  if (total >= std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::special_token, "the special tokens together are longer than 4 GiB");
  }
  find_ends(sorted);
  build_trie(sorted);
  link_failures();
}

// Sorted as they are, tokens with the same two last bytes stand together.
void SpecialFinder::find_ends(std::span<const std::string> reversed) {
  for (const std::string& token : reversed) {
    if (token.size() < 2) {
      ends_.clear();
      return;
    }
    const SpecialEnd end{token[1], token[0]};
    if (ends_.empty() || ends_.back() != end) ends_.push_back(end);
  }
  if (ends_.size() > kMaxVectorEnds) ends_.clear();
}

void SpecialFinder::build_trie(std::span<const std::string> reversed) {
  std::vector<Group> groups{{0, reversed.size(), 0}};
  states_.resize(1);
  labels_.resize(1);
  for (std::uint32_t state = 0; state < groups.size(); ++state) {
    auto [begin, end, depth] = groups[state];
    // In sorted order the token that ends here, given once or more, comes
    // before those that go on.
    while (begin < end && reversed[begin].size() == depth) {
      states_[state].match = static_cast<std::uint32_t>(++begin);
    }
    states_[state].first_child = static_cast<std::uint32_t>(states_.size());
    while (begin < end) {
      const char label = reversed[begin][depth];
      const std::size_t first = begin;
      while (begin < end && reversed[begin][depth] == label) ++begin;
      groups.push_back({first, begin, depth + 1});
      labels_.push_back(static_cast<unsigned char>(label));
      states_.emplace_back();
      ++states_[state].num_children;
    }
  }
}

// Level by level: the failure of a child is reached from the failure of its
// parent.
void SpecialFinder::link_failures() {
  for (std::uint32_t state = 0; state < states_.size(); ++state) {
    const auto [first, count, failure, match] = states_[state];
    if (match == 0) states_[state].match = states_[failure].match;
    for (std::uint32_t next = first; next < first + count; ++next) {
      states_[next].failure = state == 0 ? 0 : step(failure, labels_[next]);
    }
  }
}

std::uint32_t SpecialFinder::child(std::uint32_t state, unsigned char byte) const noexcept {
  const State& from = states_[state];
  const auto first = labels_.begin() + from.first_child;
  const auto last = first + from.num_children;
  const auto found = std::lower_bound(first, last, byte);
  if (found == last || *found != byte) return 0;
  return static_cast<std::uint32_t>(found - labels_.begin());
}

std::uint32_t SpecialFinder::step(std::uint32_t state, unsigned char byte) const noexcept {
  while (true) {
    const std::uint32_t next = child(state, byte);
    if (next != 0 || state == 0) return next;
    state = states_[state].failure;
  }
}

// The end of the last run of text before `end` that could be the end of a
// token: one past the last byte that ends any token, or 0.
std::size_t SpecialFinder::skip_back(std::string_view text, std::size_t end) const noexcept {
  if (!ends_.empty()) {
    end = skip_blocks<kLargeBlock>(text, end);
    end = skip_blocks<kBlock>(text, end);
  }
  while (end > 0 && !is_last_byte_[static_cast<unsigned char>(text[end - 1])]) --end;
  return end;
}

// Whole blocks, in front of which there is a byte more.
template <std::size_t size>
std::size_t SpecialFinder::skip_blocks(std::string_view text, std::size_t end) const noexcept {
  const auto is_clear = [&](const char* block) {
    return std::none_of(ends_.begin(), ends_.end(),
                        [&](SpecialEnd each) { return block_contains<size>(block, each); });
  };
  while (end > size && is_clear(text.data() + end - size)) end -= size;
  return end;
}

template <class Found>
void SpecialFinder::scan_back(std::string_view text, Found&& found) const {
  std::uint32_t state = 0;
  for (std::size_t end = text.size(); end > 0;) {
    if (state == 0) {
      end = skip_back(text, end);
      if (end == 0) return;
    }
    --end;
    state = step(state, static_cast<unsigned char>(text[end]));
    if (states_[state].match != 0) found(end, states_[state].match - 1);
  }
}

std::vector<SpecialMatch> SpecialFinder::find_all(std::string_view text) const {
  std::vector<SpecialMatch> matches;
  if (empty()) return matches;
  scan_back(text, [&](std::size_t begin, std::size_t token) {
    matches.push_back({begin, tokens_[token].length, tokens_[token].id});
  });
  std::reverse(matches.begin(), matches.end());
  std::size_t covered = 0;
  std::erase_if(matches, [&](const SpecialMatch& match) {
    if (match.begin < covered) return true;
    covered = match.begin + match.length;
    return false;
  });
  return matches;
}

std::optional<SpecialMatch> SpecialFinder::find_first(std::string_view text) const {
  std::optional<SpecialMatch> first;
  if (empty()) return first;
  scan_back(text, [&](std::size_t begin, std::size_t token) {
    first = SpecialMatch{begin, tokens_[token].length, tokens_[token].id};
  });
  return first;
}

}  // namespace bpe
