// Full counts of pairs: over a dense matrix while there are only bytes, over a hash table later.
#include "trainer/pair_index.h"

#include <algorithm>
#include <memory>

namespace bpe {
namespace {

// Cells between two looks at the progress: about a millisecond of work.
constexpr Position kCheckEvery = 1 << 18;

struct Tally {
  std::uint64_t count = 0;
  std::uint32_t num_positions = 0;
};

// A growing open-addressing table PairKey -> Tally. Also finds the place of a pair's positions.
class TallyTable {
 public:
  struct Slot {
    PairKey key = 0;
    Tally tally;
    std::uint32_t* out = nullptr;
  };

  Slot& operator[](PairKey key) {
    if ((num_used_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[find(key)];
    num_used_ += slot.key == 0;
    slot.key = key;
    return slot;
  }

  std::vector<Slot>& slots() noexcept { return slots_; }

 private:
  std::size_t find(PairKey key) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t index = (key * 0x9E3779B97F4A7C15ull) >> 32 & mask;
    while (slots_[index].key != 0 && slots_[index].key != key) index = (index + 1) & mask;
    return index;
  }

  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 4));
    for (const Slot& slot : old) {
      if (slot.key != 0) slots_[find(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << 16);
  std::size_t num_used_ = 0;
};

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

// visit(position, cell in the matrix, count) for every two neighbouring bytes.
template <class View, class Visit>
void for_each_byte_pair(View cells, Position size, const CountSteps& steps,
                        const Progress& progress, Visit&& visit) {
  for (std::size_t step = 0; step < steps.size(); ++step) {
    const std::uint64_t count = steps.count(step);
    const Position end = std::min(steps.start(step + 1), size) - 1;
    for (Position p = steps.start(step); p < end;) {
      progress.check();
      const Position stop = end - p > kCheckEvery ? p + kCheckEvery : end;
      for (; p < stop; ++p) visit(p, cells[p] * kFirstMerge + cells[p + 1], count);
    }
  }
}

}  // namespace

void PairIndex::count_byte_pairs(const Progress& progress) {
  table.clear();
  pool.clear();
  std::vector<Tally> matrix(std::size_t{kFirstMerge} * kFirstMerge);
  std::uint32_t nowhere = 0;  // where positions of pairs go that are not followed
  std::vector<std::uint32_t*> out(matrix.size(), &nowhere);
  cells_->with_view([&](const auto cells) {
    const Position size = cells_->size();
    for_each_byte_pair(cells, size, cells_->steps(), progress,
                       [&](Position, std::size_t place, std::uint64_t count) {
                         matrix[place].count += count;
                         ++matrix[place].num_positions;
                       });
    for (Symbol left = kFirstByte; left < kFirstMerge; ++left) {
      for (Symbol right = kFirstByte; right < kFirstMerge; ++right) {
        const std::size_t place = std::size_t{left} * kFirstMerge + right;
        const PairKey pair = make_pair_key(left, right);
        if (!follows(pair, matrix[place].count)) continue;
        out[place] = add(pair, matrix[place].count, matrix[place].num_positions).data();
      }
    }
    for_each_byte_pair(cells, size, cells_->steps(), progress,
                       [&](Position position, std::size_t place, std::uint64_t) {
                         // Free of jumps: where a word ends cannot be foreseen.
                         std::uint32_t* const next = out[place];
                         *next = position;
                         out[place] = next + (next != &nowhere);
                       });
  });
}

void PairIndex::count_all_pairs(const Progress& progress) {
  table.clear();
  pool.clear();
  TallyTable tallies;
  cells_->with_view([&](const auto cells) {
    for_each_pair(cells, cells_->size(), *lengths_, cells_->steps(), progress,
                  [&](Position, PairKey pair, std::uint64_t count) {
                    Tally& tally = tallies[pair].tally;
                    tally.count += count;
                    ++tally.num_positions;
                  });
    for (auto& [pair, tally, out] : tallies.slots()) {
      if (pair == 0 || !follows(pair, tally.count)) continue;
      out = add(pair, tally.count, tally.num_positions).data();
    }
    for_each_pair(cells, cells_->size(), *lengths_, cells_->steps(), progress,
                  [&](Position position, PairKey pair, std::uint64_t) {
                    std::uint32_t*& out = tallies[pair].out;
                    if (out != nullptr) *out++ = position;
                  });
  });
}

}  // namespace bpe
