#include "trainer/verify.h"

#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace bpe {
namespace {

struct Found {
  std::uint64_t count = 0;
  std::vector<Position> positions;
};

using FoundPairs = std::unordered_map<PairKey, Found>;

[[noreturn]] void fail(PairKey pair, const std::string& what) {
  throw std::logic_error("the pair of symbols (" + std::to_string(left_of(pair)) + ", " +
                         std::to_string(right_of(pair)) + ") " + what);
}

// Slow and plain on purpose: the count of a position is looked up by walking the steps.
FoundPairs find_pairs(Cells& cells, const TokenLengths& lengths) {
  FoundPairs pairs;
  cells.with_view([&](const auto array) {
    for (std::size_t step = 0; step < cells.steps().size(); ++step) {
      const Position end = std::min(cells.steps().start(step + 1), cells.size());
      for (Position p = cells.steps().start(step); p < end;) {
        const Symbol left = array[p];
        if (left == kBoundary) {
          ++p;
          continue;
        }
        const Position next = p + lengths[left];
        if (array[next - 1] != left) fail(make_pair_key(left, left), "lost its last cell");
        if (array[next] != kBoundary) {
          Found& found = pairs[make_pair_key(left, array[next])];
          found.count += cells.steps().count(step);
          found.positions.push_back(p);
        }
        p = next;
      }
    }
  });
  return pairs;
}

void check_followed(PairKey pair, std::uint64_t count, PairTable::Slice postings,
                    const FoundPairs& pairs) {
  const auto found = pairs.find(pair);
  if (found == pairs.end() || found->second.count != count) {
    fail(pair, "is counted " + std::to_string(count) + " times and stands there " +
                   std::to_string(found == pairs.end() ? 0 : found->second.count) + " times");
  }
  std::size_t next = 0;
  for (const Position position : found->second.positions) {
    while (next < postings.size() && postings[next] < position) ++next;
    if (next == postings.size() || postings[next] != position) {
      fail(pair, "lacks position " + std::to_string(position));
    }
  }
}

}  // namespace

void verify_pairs(Cells& cells, const TokenLengths& lengths, const PairIndex& index) {
  const FoundPairs pairs = find_pairs(cells, lengths);
  for (const auto& [pair, found] : pairs) {
    if (index.follows(pair, found.count) && index.table.find(pair) == PairTable::kNone) {
      fail(pair, "is not followed");
    }
  }
  index.table.for_each([&](PairKey pair, std::uint64_t count, PairTable::Slice postings) {
    if (count >= index.threshold) check_followed(pair, count, postings, pairs);
  });
}

}  // namespace bpe
