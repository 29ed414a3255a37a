// Training: counts -> merges.
//
// The next merge is always the pair with the largest count, and among equals the one the tie rule
// names. Pairs are counted once; after that a merge changes only what it touches. Work: O(n) in the
// bytes n of the distinct pretokens, plus O(log) a change in the queue, for words of any length.
// Memory above the table: 2 bytes a cell (4 beyond 65,534 ids; one more when a rule needs the
// text), 4 bytes for each position of a followed pair, 64 to 128 for each followed pair, and as
// much again as the positions of the largest pair while it is merged. Measured: 0.7 GB for one word
// of 64 MB.
//
// No two ids ever share their bytes. A merge that happened leaves no other way to spell its bytes:
// where no token crosses the ends of a piece of text, the piece looks as if it had been merged
// alone, so wherever it stands alone it is that one token. That holds whichever pairs a filter
// forbids. Only an initial pair that never occurred in this corpus can have its bytes spelled
// otherwise; such a pair is passed over, however often it occurs.
//
// Threads share what comes before the merging: laying the words out and the first count of pairs.
// The merges themselves are too short to share.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "counting/count_table.h"
#include "counting/counts_file.h"
#include "trainer/cells.h"
#include "trainer/merge_log.h"
#include "trainer/pair_index.h"
#include "trainer/tie_break.h"
#include "trainer/token_filter.h"

namespace bpe {

using IdPair = std::pair<std::uint32_t, std::uint32_t>;

struct TrainOptions {
  std::uint64_t num_merges = 0;
  TieBreak tie_break = TieBreak::id;
  std::uint64_t min_frequency = 1;
  std::uint64_t max_token_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_token_words = TokenFilter::kNoLimit;
  std::vector<std::string> forbidden_tokens;
  std::vector<IdPair> initial_pairs;  // merged first, in this order, whatever their counts
  std::size_t num_threads = 1;        // at least 1; changes nothing but the time
  MergeLog* log = nullptr;            // hears of every new merge when it is made

  // For tests. None of them changes the result.
  bool verify = false;                // recount everything after every merge
  std::uint64_t prune_threshold = 0;  // where to start following pairs; 0: estimate it
  Symbol max_narrow_symbol = kMaxNarrowSymbol;
  std::size_t max_tally_slots = kMaxTallySlots;
};

// The new pairs, at most num_merges; pair k makes id 256 + number of initial pairs + k.
// Throws bpe::Error(training) for input that cannot be trained on, Cancelled when told to stop.
std::vector<IdPair> train(const CountTable& table, const TrainOptions& options, Progress& progress);

// The same, without ever holding all counts in memory.
std::vector<IdPair> train(const CountsFile& counts, const TrainOptions& options,
                          Progress& progress);

// The same, and empties the table before the merging, which then has its memory.
std::vector<IdPair> train(CountTable&& table, const TrainOptions& options, Progress& progress);

}  // namespace bpe
