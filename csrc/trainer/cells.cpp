// Lays the pretokens out by descending count, in two passes over the table and without sorting
// them.
#include "trainer/cells.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/threads.h"
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

// Fewer pretokens are not worth a second thread.
constexpr std::size_t kMinShared = 1 << 14;

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

// Where the next pretoken of each count goes, of one part of them. A start moves on as pretokens
// are placed.
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
  std::uint64_t num_cells = 0;
  std::uint64_t num_counted_bytes = 0;
};

namespace {

// A file is read from front to back; a table has parts, which several threads walk over.
std::size_t num_parts_of(const CountsFile&, std::size_t) noexcept { return 1; }
std::size_t num_parts_of(const CountTable& table, std::size_t num_threads) noexcept {
  return table.size() < kMinShared ? 1 : num_threads;
}

template <class Visit>
void visit_part(const CountsFile& file, std::size_t, std::size_t, Visit&& visit) {
  file.for_each(visit);
}
template <class Visit>
void visit_part(const CountTable& table, std::size_t part, std::size_t num_parts, Visit&& visit) {
  table.for_each_part(part, num_parts, visit);
}

}  // namespace

template <class Counts>
Cells::Cells(const Counts& counts, const std::array<Symbol, 256>& byte_to_symbol, bool keep_text,
             std::size_t num_threads, Progress& progress) {
  std::vector<Layout> layouts(num_parts_of(counts, num_threads));
  for_each_in_threads(layouts.size(), num_threads, progress, [&](std::size_t part) {
    measure(counts, part, layouts.size(), layouts[part], progress);
  });
  check_size(counts, layouts);
  lay_out(layouts);
  low_ = ZeroedArray<std::uint16_t>(size_);
  low_[0] = kBoundary;
  if (keep_text) text_ = std::make_unique_for_overwrite<char[]>(size_);
  for_each_in_threads(layouts.size(), num_threads, progress, [&](std::size_t part) {
    fill(counts, part, layouts.size(), layouts[part], byte_to_symbol, progress);
  });
}

template Cells::Cells(const CountTable&, const std::array<Symbol, 256>&, bool, std::size_t,
                      Progress&);
template Cells::Cells(const CountsFile&, const std::array<Symbol, 256>&, bool, std::size_t,
                      Progress&);

template <class Counts>
void Cells::measure(const Counts& counts, std::size_t part, std::size_t num_parts, Layout& layout,
                    const Progress& progress) {
  Ticker ticker(progress);
  visit_part(counts, part, num_parts, [&](std::string_view pretoken, std::uint64_t count) {
    if (pretoken.size() < 2 || count == 0) return;
    ticker.tick(kPretokenWork);
    layout.num_counted_bytes = checked_add(layout.num_counted_bytes, pretoken, count);
    layout.num_cells += pretoken.size() + 1;
    if (count < kNumSmallCounts) {
      layout.place_of(pretoken, count) += pretoken.size() + 1;
    } else {
      layout.large.push_back({count, pretoken.size() + 1, 0});
    }
  });
}

template <class Counts>
void Cells::check_size(const Counts& counts, std::span<const Layout> layouts) {
  std::uint64_t num_cells = 1;
  unsigned __int128 num_counted_bytes = 0;
  for (const Layout& layout : layouts) {
    num_cells += layout.num_cells;
    num_counted_bytes += layout.num_counted_bytes;
  }
  if (num_counted_bytes > kMaxTotal) {  // so one of them passes it: named as if there were one part
    std::uint64_t sum = 0;
    counts.for_each([&](std::string_view pretoken, std::uint64_t count) {
      if (pretoken.size() > 1) sum = checked_add(sum, pretoken, count);
    });
  }
  if (num_cells > kMaxCells) {
    throw Error(ErrorKind::training,
                "the distinct pretokens hold " + std::to_string(num_cells) +
                    " bytes, more than the " + std::to_string(kMaxCells) +
                    " this trainer can address; drop the rarest or use a pattern that cuts more");
  }
  size_ = static_cast<Position>(num_cells);
}

// By count, then by what they begin with, then by part.
void Cells::lay_out(std::span<Layout> layouts) {
  std::vector<Layout::Large*> order;
  for (Layout& layout : layouts) {
    for (Layout::Large& large : layout.large) order.push_back(&large);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->count > b->count; });
  Position next = 1;
  std::uint64_t last_count = 0;
  for (Layout::Large* const large : order) {
    if (large->count != last_count) steps_.add(next, large->count);
    last_count = large->count;
    large->start = next;
    next += static_cast<Position>(large->num_cells);
  }
  for (std::uint64_t count = kNumSmallCounts; --count > 0;) {
    const Position first = next;
    for (std::size_t group = 0; group < layouts.front().places_of(count).size(); ++group) {
      for (Layout& layout : layouts) {
        next += static_cast<Position>(std::exchange(layout.places_of(count)[group], next));
      }
    }
    if (next != first) steps_.add(first, count);
  }
  steps_.finish(size_);
}

template <class Counts>
void Cells::fill(const Counts& counts, std::size_t part, std::size_t num_parts, Layout& layout,
                 const std::array<Symbol, 256>& byte_to_symbol, const Progress& progress) {
  Ticker ticker(progress);
  std::size_t next_large = 0;
  visit_part(counts, part, num_parts, [&](std::string_view pretoken, std::uint64_t count) {
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
