// The loop: take the best pair, merge it, queue what came of it.
#include "trainer/trainer.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "trainer/initial_tokens.h"
#include "trainer/merge_pair.h"
#include "trainer/pair_index.h"
#include "trainer/pair_queue.h"
#include "trainer/verify.h"

namespace bpe {
namespace {

// Following pairs below the count of the last merge wastes time and memory, stopping above it costs
// a full recount. So start where the last merge may be by proof (see proven_threshold), but for
// fewer merges than are asked for: real text gave at least 1.27 merges for each pretoken that was
// as frequent as the last of them, mostly two or three.
constexpr std::uint64_t kExpectedPer = 5;  // of 5 merges ...
constexpr std::uint64_t kExpectedPretokens = 4;

// How many merges ahead a pair's entry, its list of positions, and the cells there are fetched.
constexpr std::size_t kEntryAhead = 5;
constexpr std::size_t kPositionsAhead = 3;
constexpr std::size_t kCellsAhead = 1;

// Pairs looked at between two looks at the progress.
constexpr std::uint64_t kCheckEvery = 1 << 14;

// When even the proven threshold turns out too high, the next one is this many times lower.
constexpr std::uint64_t kThresholdStep = 8;

class Trainer {
 public:
  // Reads all counts; they are not needed afterwards.
  template <class Counts>
  Trainer(const Counts& counts, const TrainOptions& options, Progress& progress)
      : options_(options),
        progress_(progress),
        byte_to_symbol_(byte_symbols(options.tie_break)),
        initial_tokens_(initial_tokens(options.initial_pairs)),
        filter_(initial_tokens_, options.forbidden_tokens, options.max_token_words),
        cells_(counts, byte_to_symbol_, needs_bytes(), options.num_threads, progress),
        lengths_(first_lengths()),
        index_(cells_, lengths_),
        merger_(cells_, lengths_, index_, max_symbols()) {
    index_.max_tally_slots = options.max_tally_slots;
    for (int byte = 0; byte < 256; ++byte)
      symbol_to_byte_[byte_to_symbol_[byte] - kFirstByte] = byte;
    for (const std::uint32_t byte : symbol_to_byte_) tokens_.add_copy({static_cast<char>(byte)});
  }

  std::vector<IdPair> run() {
    progress_.start_phase("merging", options_.num_merges);
    replay_initial_pairs();
    switch (options_.tie_break) {
      case TieBreak::id:
      case TieBreak::huggingface: learn(SymbolOrder{}); break;
      case TieBreak::bytes_max: learn(BytesOrder<true>(tokens_)); break;
      case TieBreak::bytes_min: learn(BytesOrder<false>(tokens_)); break;
    }
    return std::move(merges_);
  }

 private:
  bool needs_bytes() const noexcept {
    return options_.tie_break == TieBreak::bytes_max || options_.tie_break == TieBreak::bytes_min ||
           !filter_.refuses_nothing();
  }

  // Each merge makes the cells hold one token fewer, but for initial ones that occur nowhere.
  std::size_t max_symbols() const noexcept {
    return kFirstMerge + options_.initial_pairs.size() +
           std::min<std::uint64_t>(options_.num_merges, cells_.size());
  }

  static TokenLengths first_lengths() {
    TokenLengths lengths(kFirstMerge, 1);
    lengths[kBoundary] = lengths[kInvalid] = 0;
    return lengths;
  }

  Symbol symbol_of(std::uint32_t id) const noexcept {
    return id < 256 ? byte_to_symbol_[id] : id + kFirstByte;
  }
  std::uint32_t id_of(Symbol symbol) const noexcept {
    return symbol < kFirstMerge ? symbol_to_byte_[symbol - kFirstByte] : symbol - kFirstByte;
  }

  // Initial pairs may be rare, so every pair is followed meanwhile.
  void replay_initial_pairs() {
    if (options_.initial_pairs.empty()) return;
    index_.count_byte_pairs(options_.num_threads, progress_);
    for (std::size_t i = 0; i < options_.initial_pairs.size(); ++i) {
      const auto& [left, right] = options_.initial_pairs[i];
      merge(make_pair_key(symbol_of(left), symbol_of(right)));
      tokens_.add_view(initial_tokens_[i]);
    }
  }

  template <class Order>
  void learn(const Order& order) {
    index_.threshold = first_threshold();
    index_.max_token_bytes = options_.max_token_bytes;
    if (options_.initial_pairs.empty()) {
      index_.count_byte_pairs(options_.num_threads, progress_);
    } else {
      index_.count_all_pairs(progress_);
    }
    while (!learn_above_threshold(order) && index_.threshold > options_.min_frequency) {
      index_.threshold = next_threshold();
      index_.count_all_pairs(progress_);
    }
  }

  std::uint64_t first_threshold() {
    if (options_.prune_threshold > 0) {
      return std::max(options_.prune_threshold, options_.min_frequency);
    }
    return proven_threshold(options_.num_merges / kExpectedPer * kExpectedPretokens);
  }

  std::uint64_t next_threshold() {
    const std::uint64_t proven = proven_threshold(options_.num_merges);
    if (options_.prune_threshold == 0 && proven < index_.threshold) return proven;
    return std::max(index_.threshold / kThresholdStep, options_.min_frequency);
  }

  // The m-th merge counts at least as much as the m-th most frequent pretoken of two bytes or more,
  // say c: until a pretoken is one token, each of its pairs counts as much as it does, so nothing
  // below c is merged before m pretokens have become tokens, by m merges. Only where pairs are
  // passed over may the last merge count less.
  std::uint64_t proven_threshold(std::uint64_t num_merges) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - initial_tokens_.size();
    const std::uint64_t rank =
        std::clamp<std::uint64_t>(num_merges, 1, most) + initial_tokens_.size();
    return std::max(cells_.count_of_rank(rank, options_.max_token_bytes, progress_),
                    options_.min_frequency);
  }

  // Merges until there are enough merges (returns true) or no pair reaches the threshold (false).
  template <class Order>
  bool learn_above_threshold(const Order& order) {
    PairQueue<Order> queue(order, index_.threshold);
    index_.table.for_each(
        [&](PairKey pair, std::uint64_t count, PairTable::Slice) { queue.push(pair, count); });
    while (merges_.size() < options_.num_merges) {
      const auto best = queue.pop([this](PairKey pair) { return present_count(pair); });
      if (!best) return false;
      if (is_refused(best->pair)) continue;
      fetch(queue.upcoming(kEntryAhead), queue.upcoming(kPositionsAhead),
            queue.upcoming(kCellsAhead));
      const Position position = merge(best->pair);
      if (needs_bytes()) tokens_.add_view(cells_.text(position, lengths_.back()));
      for (const auto& [pair, count] : merger_.new_pairs()) queue.push(pair, count);
      merges_.emplace_back(id_of(left_of(best->pair)), id_of(right_of(best->pair)));
      if (options_.log != nullptr) options_.log->add(merges_.back());
      progress_.advance(1);
    }
    return true;
  }

  // A small merge waits for memory more than it works. Each step needs what the one before fetched.
  void fetch(PairKey entry_of, PairKey positions_of, PairKey cells_of) const noexcept {
    index_.prefetch_entry(entry_of);
    index_.prefetch_positions(positions_of);
    index_.prefetch_cells(cells_of);
  }

  std::uint64_t present_count(PairKey pair) {
    if (++num_looked_at_ % kCheckEvery == 0) progress_.check();
    return index_.table.count(pair);
  }

  bool is_refused(PairKey pair) const {
    return !filter_.refuses_nothing() &&
           filter_.refuses(tokens_[left_of(pair)], tokens_[right_of(pair)]);
  }

  Position merge(PairKey pair) {
    if (lengths_.size() > options_.max_narrow_symbol && !cells_.is_wide()) cells_.widen();
    const Position position = merger_.merge(pair, progress_);
    if (options_.verify) verify_pairs(cells_, lengths_, index_);
    return position;
  }

  const TrainOptions& options_;
  Progress& progress_;
  const std::array<Symbol, 256> byte_to_symbol_;
  std::array<std::uint32_t, 256> symbol_to_byte_{};
  const std::vector<std::string> initial_tokens_;
  const TokenFilter filter_;
  Cells cells_;
  TokenLengths lengths_;
  PairIndex index_;
  PairMerger merger_;
  TokenBytes tokens_;
  std::uint64_t num_looked_at_ = 0;
  std::vector<IdPair> merges_;
};

}  // namespace

std::vector<IdPair> train(const CountTable& table, const TrainOptions& options,
                          Progress& progress) {
  return Trainer(table, options, progress).run();
}

std::vector<IdPair> train(const CountsFile& counts, const TrainOptions& options,
                          Progress& progress) {
  return Trainer(counts, options, progress).run();
}

std::vector<IdPair> train(CountTable&& table, const TrainOptions& options, Progress& progress) {
  Trainer trainer(std::as_const(table), options, progress);
  table = CountTable();
  return trainer.run();
}

}  // namespace bpe
