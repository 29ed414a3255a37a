// Lays the pretokens out by descending count, in two passes over the table and without sorting
// them.
#include "trainer/cells.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "counting/quoted.h"

namespace bpe {
namespace {

// Counts below this are sorted by counting; the few larger ones by comparison.
constexpr std::uint64_t kNumSmallCounts = 1 << 16;

constexpr std::uint64_t kMaxTotal = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMaxCells = std::numeric_limits<Position>::max() - 64;

// About a millisecond of work: bytes to write, a pretoken being worth some more.
constexpr std::size_t kTickWork = 1 << 20;
constexpr std::size_t kPretokenWork = 16;

// Looks at the progress once in kTickWork.
class Ticker {
 public:
  explicit Ticker(const Progress& progress) noexcept : progress_(&progress) {}

  void tick(std::size_t work) {
    done_ += work;
    if (done_ < kTickWork) return;
    done_ = 0;
    progress_->check();
  }

 private:
  const Progress* progress_;
  std::size_t done_ = 0;
};

std::uint64_t checked_add(std::uint64_t sum, std::string_view pretoken, std::uint64_t count) {
  const unsigned __int128 total = sum + static_cast<unsigned __int128>(pretoken.size()) * count;
  if (total > kMaxTotal) {
    throw Error(ErrorKind::training,
                "the counts are too large: with pretoken " + quoted(pretoken) + " (count " +
                    std::to_string(count) + ") the sum of count x length passes " +
                    std::to_string(kMaxTotal) + "; divide all counts by a common factor");
  }
  return static_cast<std::uint64_t>(total);
}

}  // namespace

// Where the next pretoken of each count goes. A start moves on as pretokens are placed.
//
// Those of small counts are many. They are dealt out by what they begin with: what merges together
// stands together then, and a merge visits fewer cache lines.
struct Cells::Layout {
  struct Large {
    std::uint64_t count;
    std::uint64_t num_cells;
    Position start;
  };
  static constexpr std::uint64_t kMaxGrouped = 3;  // the largest count that has groups
  static constexpr std::uint64_t kNumGroups = 1 << 16;

  // Two bytes, behind a space.
  static std::size_t group_of(std::string_view pretoken) noexcept {
    const std::size_t at = pretoken[0] == ' ' && pretoken.size() > 2;
    return static_cast<unsigned char>(pretoken[at]) << 8 |
           static_cast<unsigned char>(pretoken[at + 1]);
  }

  // The places of all pretokens of a small count, in their order.
  std::span<std::uint64_t> places_of(std::uint64_t count) noexcept {
    const std::span<std::uint64_t> all(small);
    if (count > kMaxGrouped) return all.subspan(count, 1);
    return all.subspan(kNumSmallCounts + (count - 1) * kNumGroups, kNumGroups);
  }
  std::uint64_t& place_of(std::string_view pretoken, std::uint64_t count) noexcept {
    return count > kMaxGrouped ? small[count] : places_of(count)[group_of(pretoken)];
  }

  std::vector<std::uint64_t> small =
      std::vector<std::uint64_t>(kNumSmallCounts + kMaxGrouped * kNumGroups);  // cells, then start
  std::vector<Large> large;  // in the order of the counts
};

template <class Counts>
Cells::Cells(const Counts& counts, const std::array<Symbol, 256>& byte_to_symbol, bool keep_text,
             const Progress& progress) {
  Layout layout = lay_out(counts, progress);
  low_ = ZeroedArray<std::uint16_t>(size_);
  if (keep_text) text_ = std::make_unique_for_overwrite<char[]>(size_);
  fill(counts, layout, byte_to_symbol, progress);
}

template Cells::Cells(const CountTable&, const std::array<Symbol, 256>&, bool, const Progress&);
template Cells::Cells(const CountsFile&, const std::array<Symbol, 256>&, bool, const Progress&);

template <class Counts>
Cells::Layout Cells::lay_out(const Counts& counts, const Progress& progress) {
  Layout layout;
  Ticker ticker(progress);
  std::uint64_t num_cells = 1;
  std::uint64_t num_counted_bytes = 0;
  counts.for_each([&](std::string_view pretoken, std::uint64_t count) {
    if (pretoken.size() < 2 || count == 0) return;
    ticker.tick(kPretokenWork);
    num_counted_bytes = checked_add(num_counted_bytes, pretoken, count);
    num_cells += pretoken.size() + 1;
    if (count < kNumSmallCounts) {
      layout.place_of(pretoken, count) += pretoken.size() + 1;
    } else {
      layout.large.push_back({count, pretoken.size() + 1, 0});
    }
  });
  if (num_cells > kMaxCells) {
    throw Error(ErrorKind::training,
                "the distinct pretokens hold " + std::to_string(num_cells) +
                    " bytes, more than the " + std::to_string(kMaxCells) +
                    " this trainer can address; drop the rarest or use a pattern that cuts more");
  }
  size_ = static_cast<Position>(num_cells);

  std::vector<std::uint32_t> order(layout.large.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return layout.large[a].count > layout.large[b].count;
  });
  Position next = 1;
  std::uint64_t last_count = 0;
  for (const std::uint32_t index : order) {
    Layout::Large& large = layout.large[index];
    if (large.count != last_count) steps_.add(next, large.count);
    last_count = large.count;
    large.start = next;
    next += static_cast<Position>(large.num_cells);
  }
  for (std::uint64_t count = kNumSmallCounts; --count > 0;) {
    const Position first = next;
    for (std::uint64_t& place : layout.places_of(count)) {
      next += static_cast<Position>(std::exchange(place, next));
    }
    if (next != first) steps_.add(first, count);
  }
  steps_.finish(size_);
  return layout;
}

template <class Counts>
void Cells::fill(const Counts& counts, Layout& layout,
                 const std::array<Symbol, 256>& byte_to_symbol, const Progress& progress) {
  Ticker ticker(progress);
  low_[0] = kBoundary;
  std::size_t next_large = 0;
  counts.for_each([&](std::string_view pretoken, std::uint64_t count) {
    if (pretoken.size() < 2 || count == 0) return;
    Position position;
    if (count < kNumSmallCounts) {
      std::uint64_t& place = layout.place_of(pretoken, count);
      position = static_cast<Position>(place);
      place += pretoken.size() + 1;
    } else {
      position = layout.large[next_large++].start;
    }
    if (text_) std::memcpy(text_.get() + position, pretoken.data(), pretoken.size());
    std::uint16_t* cell = low_.data() + position;
    for (std::string_view rest = pretoken; !rest.empty();) {
      const std::string_view part = rest.substr(0, kTickWork);
      ticker.tick(part.size() + kPretokenWork);
      for (const unsigned char byte : part) {
        *cell++ = static_cast<std::uint16_t>(byte_to_symbol[byte]);
      }
      rest.remove_prefix(part.size());
    }
    *cell = kBoundary;
  });
}

std::uint64_t Cells::count_of_rank(std::uint64_t rank, std::uint64_t longest,
                                   const Progress& progress) {
  Ticker ticker(progress);
  return with_view([&](const auto cells) -> std::uint64_t {
    for (std::size_t step = 0; step < steps_.size(); ++step) {
      const Position end = std::min(steps_.start(step + 1), size_);
      for (Position start = steps_.start(step); start < end;) {
        Position p = start;
        while (cells[p] != kBoundary) ++p;
        if (p - start <= longest && --rank == 0) return steps_.count(step);
        ticker.tick(p - start + 1);
        start = p + 1;
      }
    }
    return 0;
  });
}

void Cells::widen() { high_ = ZeroedArray<std::uint16_t>(size_); }

}  // namespace bpe
