// Counting in bounded memory: tables that reach their share are written out as sorted runs, and the
// runs are merged in the end.
//
//   thread 1   table ──full──> run 0    table ──full──> run 2    table ──end──> run 3
//   thread 2   table ──────────full───> run 1    table ─────────────end──> run 4
//                                                     runs 0..4 ──merge──> one counts file
//
// A run is the body of a counts file (counts_blocks.h). Nothing is rounded or left out, so where a
// table was cut changes no result.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/progress.h"
#include "counting/count_table.h"
#include "counting/counts_file.h"

namespace bpe {

struct SpillOptions {
  // An existing folder that nobody else writes to. Whoever made it removes it, with what is in it.
  std::string folder;
  // What all tables together may take, the memory to sort them included.
  std::uint64_t table_bytes = 0;
  // For tests: a table is full with so many distinct pretokens already.
  std::uint64_t max_pretokens = std::numeric_limits<std::uint64_t>::max();
};

// Safe to share between threads. Throws FileError, with the path, when the disk is full.
class Spill {
 public:
  explicit Spill(SpillOptions options) : options_(std::move(options)) {}

  // Whether the table should be written out before much more is added to it, when `num_tables` of
  // its kind share the memory. O(1).
  bool is_full(const CountTable& table, std::size_t num_tables) const noexcept;

  // Whether one table may take in the other without breaking the limit.
  bool can_merge(const CountTable& table, const CountTable& other) const noexcept;

  // How many pretokens a new table may make room for at once.
  std::size_t reservation(std::size_t wanted, std::size_t num_tables) const noexcept;

  // Writes a run and empties the table. Only the file name is chosen under a lock.
  void write_run(CountTable& table, const Progress& progress);

  std::size_t num_runs() const;

  // Merges all runs into one file in the folder, the only one left there, and returns its path. No
  // other call may run meanwhile.
  std::string merge_runs(Progress& progress);

 private:
  std::string next_path();
  std::string merge_some(std::vector<std::string> paths, Progress& progress);

  const SpillOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::string> runs_;
  std::size_t num_paths_ = 0;
};

}  // namespace bpe
