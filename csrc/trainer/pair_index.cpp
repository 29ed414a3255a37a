// Full counts of pairs: over a dense matrix while there are only bytes, over a hash table later.
#include "trainer/pair_index.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "base/threads.h"
#include "trainer/tally_table.h"

namespace bpe {

namespace {

// Cells between two looks at the progress: about a millisecond of work.
constexpr Position kCheckEvery = 1 << 18;

// visit(position, pair, count) for every two neighbours, by ascending position.
template <class View, class Visit>
void for_each_pair(View cells, Position size, const TokenLengths& lengths, const CountSteps& steps,
                   const Progress& progress, Visit&& visit) {
  CountSteps::Cursor cursor(steps);
  Position next_check = 0;
  for (Position p = 1; p < size;) {
    const Symbol left = cells[p];
    if (left == kBoundary) {
      ++p;
      continue;
    }
    if (p >= next_check) {
      progress.check();
      next_check = p + kCheckEvery;
    }
    const Position next = p + lengths[left];
    if (cells[next] != kBoundary) visit(p, make_pair_key(left, cells[next]), cursor.count_at(p));
    p = next;
  }
}

// What one thread counts of the pairs of bytes: a stretch of the cells.
struct alignas(64) Stretch {
  Position begin, end;
  std::uint32_t nowhere = 0;  // where positions of pairs go that are not followed
  std::vector<Tally> matrix = std::vector<Tally>(std::size_t{kFirstMerge} * kFirstMerge);
  std::vector<std::uint32_t*> out = {};
};

// So many cells at least are worth a thread.
constexpr Position kMinStretch = 1 << 20;

std::vector<Stretch> cut_into_stretches(Position size, std::size_t num_threads) {
  const std::size_t count = std::clamp<std::size_t>(size / kMinStretch, 1, num_threads);
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < count; ++i) {
    stretches.push_back({.begin = static_cast<Position>(std::uint64_t{size} * i / count),
                         .end = static_cast<Position>(std::uint64_t{size} * (i + 1) / count)});
  }
  return stretches;
}

// visit(position, cell in the matrix, count) for every two neighbouring bytes of which the left one
// stands from `first` to before `last`.
template <class View, class Visit>
void for_each_byte_pair(View view, Position first, Position last, const Cells& cells,
                        const Progress& progress, Visit visit) {
  const CountSteps& steps = cells.steps();
  for (std::size_t step = 0; step < steps.size(); ++step) {
    const std::uint64_t count = steps.count(step);
    const Position boundary = std::min(steps.start(step + 1), cells.size()) - 1;
    const Position end = std::min(boundary, last);
    for (Position p = std::max(steps.start(step), first); p < end;) {
      progress.check();
      const Position stop = end - p > kCheckEvery ? p + kCheckEvery : end;
      for (; p < stop; ++p) visit(p, view[p] * kFirstMerge + view[p + 1], count);
    }
  }
}

// The list of a pair holds the positions of the first stretch, then those of the second, ...
void add_byte_pairs(PairIndex& index, std::span<Stretch> stretches) {
  for (Stretch& stretch : stretches) {
    stretch.out.assign(stretch.matrix.size(), &stretch.nowhere);
  }
  for (Symbol left = kFirstByte; left < kFirstMerge; ++left) {
    for (Symbol right = kFirstByte; right < kFirstMerge; ++right) {
      const std::size_t place = std::size_t{left} * kFirstMerge + right;
      const PairKey pair = make_pair_key(left, right);
      Tally sum;
      for (const Stretch& stretch : stretches) {
        sum.count += stretch.matrix[place].count;
        sum.num_positions += stretch.matrix[place].num_positions;
      }
      if (!index.follows(pair, sum.count)) continue;
      std::uint32_t* next = index.add(pair, sum.count, sum.num_positions).data();
      for (Stretch& stretch : stretches) {
        stretch.out[place] = next;
        next += stretch.matrix[place].num_positions;
      }
    }
  }
}

}  // namespace

void PairIndex::count_byte_pairs(std::size_t num_threads, Progress& progress) {
  table.clear();
  pool.clear();
  std::vector<Stretch> stretches = cut_into_stretches(cells_->size(), num_threads);
  const auto visit_all = [&](auto&& make_visit) {
    for_each_in_threads(stretches.size(), num_threads, progress, [&](std::size_t index) {
      Stretch& stretch = stretches[index];
      cells_->with_view([&](const auto cells) {
        for_each_byte_pair(cells, stretch.begin, stretch.end, *cells_, progress,
                           make_visit(stretch));
      });
    });
  };
  visit_all([](Stretch& stretch) {
    return [matrix = stretch.matrix.data()](Position, std::size_t place, std::uint64_t count) {
      matrix[place].count += count;
      ++matrix[place].num_positions;
    };
  });
  add_byte_pairs(*this, stretches);
  visit_all([](Stretch& stretch) {
    return [out = stretch.out.data(), nowhere = &stretch.nowhere](
               Position position, std::size_t place, std::uint64_t) {
      // Free of jumps: where a word ends cannot be foreseen.
      std::uint32_t* const next = out[place];
      *next = position;
      out[place] = next + (next != nowhere);
    };
  });
}

void PairIndex::count_all_pairs(const Progress& progress) {
  table.clear();
  pool.clear();
  TallyTable tallies(max_tally_slots);
  cells_->with_view([&](const auto cells) {
    const auto visit_all = [&](auto&& visit) {
      for_each_pair(cells, cells_->size(), *lengths_, cells_->steps(), progress, visit);
    };
    while (tallies.next_range()) {
      visit_all([&](Position, PairKey pair, std::uint64_t count) { tallies.add(pair, count); });
      for (auto& [pair, tally, out] : tallies.slots()) {
        if (pair == 0 || !follows(pair, tally.count)) continue;
        out = add(pair, tally.count, tally.num_positions).data();
      }
      visit_all([&](Position position, PairKey pair, std::uint64_t) {
        TallyTable::Slot* const slot = tallies.slot_of(pair);
        if (slot != nullptr && slot->out != nullptr) *slot->out++ = position;
      });
    }
  });
}

}  // namespace bpe
