// The automaton behind the search for special tokens: building and running it.
#include "vocab/special_finder.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "base/errors.h"

namespace bpe {
namespace {

constexpr std::size_t kBlock = 64;
// With more distinct ends than this, looking each last byte up in a table is
// the faster filter.
constexpr std::size_t kMaxVectorEnds = 4;

// Looks for the two bytes of an end in 64 bytes at once: bit i says that the second one is data[i].
// The byte in front of the block is read too.
#ifdef __SSE2__  // part of every x86-64

class EndSearch {
 public:
  EndSearch() = default;
  explicit EndSearch(SpecialEnd end) noexcept
      : before_(_mm_set1_epi8(end.before)), last_(_mm_set1_epi8(end.last)) {}

  std::uint64_t places(const char* data) const noexcept {
    const __m128i found[] = {sixteen(data), sixteen(data + 16), sixteen(data + 32),
                             sixteen(data + 48)};
    const __m128i any =
        _mm_or_si128(_mm_or_si128(found[0], found[1]), _mm_or_si128(found[2], found[3]));
    if (_mm_movemask_epi8(any) == 0) [[likely]]
      return 0;
    std::uint64_t places = 0;
    for (unsigned i = 0; i < 4; ++i) {
      places |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(found[i]))} << 16 * i;
    }
    return places;
  }

 private:
  __m128i sixteen(const char* data) const noexcept {
    const auto load = [](const char* from) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    };
    return _mm_and_si128(_mm_cmpeq_epi8(load(data), last_),
                         _mm_cmpeq_epi8(load(data - 1), before_));
  }

  __m128i before_, last_;
};

#else

class EndSearch {
 public:
  EndSearch() = default;
  explicit EndSearch(SpecialEnd end) noexcept : end_(end) {}

  std::uint64_t places(const char* data) const noexcept {
    const auto is_end = [&](std::ptrdiff_t i) {
      return (data[i] == end_.last) & (data[i - 1] == end_.before);
    };
    // Compilers make vector code of this one.
    unsigned char found = 0;
    for (int i = 0; i < 64; ++i) found |= static_cast<unsigned char>(is_end(i));
    if (found == 0) [[likely]]
      return 0;
    std::uint64_t places = 0;
    for (int i = 0; i < 64; ++i) places |= std::uint64_t{is_end(i)} << i;
    return places;
  }

 private:
  SpecialEnd end_;
};

#endif

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
  // As nearly always, inside of a token.
  if (from.num_children == 1) return labels_[from.first_child] == byte ? from.first_child : 0;
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

// One past the last byte before `end` that could be the last one of a token, or 0.
std::size_t SpecialFinder::skip_back(std::string_view text, std::size_t end) const noexcept {
  std::array<EndSearch, kMaxVectorEnds> searches;
  std::transform(ends_.begin(), ends_.end(), searches.begin(),
                 [](SpecialEnd each) { return EndSearch(each); });
  // Whole blocks, in front of which there is a byte more.
  while (!ends_.empty() && end > kBlock) {
    std::uint64_t places = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      places |= searches[i].places(text.data() + end - kBlock);
    }
    if (places != 0) return end - static_cast<std::size_t>(std::countl_zero(places));
    end -= kBlock;
  }
  while (end > 0 && !is_last_byte_[static_cast<unsigned char>(text[end - 1])]) --end;
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
