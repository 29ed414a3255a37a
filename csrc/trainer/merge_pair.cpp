#include "trainer/merge_pair.h"

#include <algorithm>

namespace bpe {
namespace {

// Postings looked at ahead of the one being replaced; 16 to 64 measured alike, 8 slower.
constexpr std::size_t kPrefetchDistance = 32;

// Postings between two looks at the progress.
constexpr std::size_t kCheckEvery = std::size_t{1} << 16;

}  // namespace

Position PairMerger::merge(PairKey pair, const Progress& progress) {
  const Symbol merged = static_cast<Symbol>(lengths_->size());
  lengths_->push_back((*lengths_)[left_of(pair)] + (*lengths_)[right_of(pair)]);
  left_.make_room(lengths_->size());
  right_.make_room(lengths_->size());
  new_pairs_.clear();

  const std::size_t entry = index_->table.find(pair);
  if (entry == PairTable::kNone) return 0;
  const PostingPool::Slice positions = index_->table.take(entry);
  const Position first = cells_->with_view([&](auto cells) {
    auto& log = log_for(cells);
    const std::size_t num_hits = replace(cells, positions, pair, merged, log, progress);
    lower_old_pairs(pair);
    add_new_pairs(pair, merged);
    if (!new_pairs_.empty())
      write_positions(positions.first(num_hits), pair, merged, log, progress);
    return num_hits == 0 ? 0 : positions.front();
  });
  index_->pool.release(positions);
  left_.clear();
  right_.clear();
  return first;
}

// Moves the positions where the pair really stood to the front of `positions`, and their neighbours
// into `log`. Returns how many there are.
template <class View>
std::size_t PairMerger::replace(View cells, PostingPool::Slice positions, PairKey pair,
                                Symbol merged, Log<View>& log, const Progress& progress) {
  using Stored = typename View::Stored;
  const Symbol left = left_of(pair);
  const Symbol right = right_of(pair);
  const Position left_length = (*lengths_)[left];
  const Position length = (*lengths_)[merged];
  if (log.size() < positions.size()) log.resize(positions.size());
  CountSteps::Cursor cursor(cells_->steps());
  std::size_t num_hits = 0;
  for (const Position p : positions.first(std::min(positions.size(), kPrefetchDistance))) {
    cells.prefetch(p);
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (i % kCheckEvery == 0) progress.check();
    if (i + kPrefetchDistance < positions.size()) {
      cells.prefetch(positions[i + kPrefetchDistance]);
    }
    const Position p = positions[i];
    if (!cells.holds(p, left) || !cells.holds(p + left_length, right)) continue;
    const Symbol before = cells[p - 1];
    const Symbol after = cells[p + length];
    // In this order: a right part of one byte starts in the last cell.
    cells.set(p, merged);
    cells.set(p + left_length, kInvalid);
    cells.set(p + length - 1, merged);
    const std::uint64_t count = cursor.count_at(p);
    left_.add(before, count);
    right_.add(after, count);
    log[num_hits] = {static_cast<Stored>(before), static_cast<Stored>(after)};
    positions[num_hits++] = p;
  }
  return num_hits;
}

// Neither the pair itself nor those of the new symbol are in the table now: nothing happens to
// them.
void PairMerger::lower_old_pairs(PairKey pair) {
  const Symbol left = left_of(pair);
  const Symbol right = right_of(pair);
  const auto lower = [&](const Side& side, auto&& pair_of) {
    const std::span<const Symbol> touched = side.touched();
    for (const Symbol neighbour : touched.first(std::min(touched.size(), kPrefetchDistance))) {
      index_->table.prefetch_count(pair_of(neighbour));
    }
    for (std::size_t i = 0; i < touched.size(); ++i) {
      if (i + kPrefetchDistance < touched.size()) {
        index_->table.prefetch_count(pair_of(touched[i + kPrefetchDistance]));
      }
      if (touched[i] == kBoundary) continue;
      index_->table.subtract(pair_of(touched[i]), side.changes[touched[i]].count,
                             index_->threshold);
    }
  };
  lower(left_, [&](Symbol neighbour) { return make_pair_key(neighbour, left); });
  lower(right_, [&](Symbol neighbour) { return make_pair_key(right, neighbour); });
}

void PairMerger::add_new_pairs(PairKey pair, Symbol merged) {
  // Only the count that is left decides whether a pair is followed, so take back first.
  Side::Change& before_left = right_.changes[left_of(pair)];
  before_left.count -= left_.changes[merged].count;
  before_left.num_positions -= left_.changes[merged].num_positions;
  for (const Symbol neighbour : left_.touched()) {
    if (left_.changes[neighbour].count < index_->threshold || neighbour == kBoundary) continue;
    add_new_pair(make_pair_key(neighbour, merged), left_.changes[neighbour], left_.out[neighbour]);
  }
  for (const Symbol neighbour : right_.touched()) {
    if (right_.changes[neighbour].count < index_->threshold || neighbour == kBoundary) continue;
    add_new_pair(make_pair_key(merged, neighbour), right_.changes[neighbour],
                 right_.out[neighbour]);
  }
}

void PairMerger::add_new_pair(PairKey pair, const Side::Change& change, std::uint32_t*& out) {
  if (!index_->follows(pair, change.count)) return;
  out = index_->add(pair, change.count, change.num_positions).data();
  new_pairs_.push_back({pair, change.count});
}

template <class AnyLog>
void PairMerger::write_positions(PostingPool::Slice hits, PairKey pair, Symbol merged,
                                 const AnyLog& log, const Progress& progress) {
  const Symbol left = left_of(pair);
  const Position length = (*lengths_)[merged];
  const auto became_merged = [&](std::size_t i) {  // the token right of hit i was the next hit
    return i + 1 < hits.size() && hits[i + 1] == hits[i] + length;
  };
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (i % kCheckEvery == 0) progress.check();
    const Symbol before = log[i].left;
    const Symbol after = log[i].right;
    if (left_.out[before] != nullptr) *left_.out[before]++ = hits[i] - (*lengths_)[before];
    if (right_.out[after] != nullptr && !(after == left && became_merged(i))) {
      *right_.out[after]++ = hits[i];
    }
  }
}

void PairMerger::Side::make_room(std::size_t num_symbols) {
  if (num_symbols < touched_.size()) return;
  const std::size_t room = std::min(2 * num_symbols, max_symbols_);
  changes.resize(room);
  out.resize(room);
  touched_.resize(room + 1);  // add() writes one past the last
}

// Free of branches: in most merges nobody can foresee which neighbour is new.
inline void PairMerger::Side::add(Symbol neighbour, std::uint64_t count) noexcept {
  Change& change = changes[neighbour];
  touched_[num_touched_] = neighbour;
  num_touched_ += change.num_positions == 0;
  change.count += count;
  ++change.num_positions;
}

void PairMerger::Side::clear() noexcept {
  for (const Symbol neighbour : touched()) {
    changes[neighbour] = {};
    out[neighbour] = nullptr;
  }
  num_touched_ = 0;
}

}  // namespace bpe
