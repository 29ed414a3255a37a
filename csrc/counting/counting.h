// Counting a corpus by several threads. The result does not depend on their number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "counting/chunks.h"
#include "counting/count_table.h"
#include "counting/cuts.h"
#include "counting/spill.h"

namespace bpe {

struct CountOptions {
  std::size_t num_threads = 1;            // at least 1; fewer are used when there is little to do
  std::size_t chunk_bytes = kChunkBytes;  // at least 1
  Spill* spill = nullptr;                 // where full tables go; null: they may grow
};

// Takes a corpus bit by bit, any number of files and batches of documents, and gives its counts.
// Each thread has a table of its own, which lives as long as the counter; they are joined once, at
// the end. Not thread-safe.
//
// Special tokens cut a document and are not counted. Progress is in bytes, phase "counting", from 0
// to the size of what one call was given. After an exception a part of that has been counted.
class Counter {
 public:
  Counter(CountRules rules, const CountOptions& options);

  void add_documents(std::span<const std::string_view> documents, Progress& progress);

  // Each file is one document. A chunk per thread is in memory, and a pretoken that is longer than
  // that. Throws FileError, and Error(corpus) when a file changes meanwhile.
  void add_files(std::span<const std::string> paths, Progress& progress);

  // Goes on from what the table holds, which the counter may spill too. Only for an empty counter.
  void adopt(CountTable table);

  // All that was counted and not spilled, in one table; the counter is empty then and may be used
  // again. With a spill, several tables that would not fit into one are spilled first.
  CountTable finish(Progress& progress);

  // So far: all threads together. O(number of threads).
  std::uint64_t total() const noexcept;

 private:
  void add_chunks(ChunkSource& source, std::uint64_t num_bytes, Progress& progress);
  void reserve(CountTable& table, std::size_t num_pretokens);
  void merge_or_spill(CountTable& table, std::span<CountTable> others, Progress& progress);

  CountRules rules_;
  CountOptions options_;
  std::vector<CountTable> tables_;  // one a thread
};

// About how many distinct short pretokens a text of so many bytes has.
std::size_t guess_num_distinct(std::uint64_t num_bytes);

}  // namespace bpe
