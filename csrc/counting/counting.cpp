// Threads around the counting loop: each has a table, all share the chunks.
#include "counting/counting.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "counting/batch_counter.h"

namespace bpe {
namespace {

// About how many distinct short pretokens a text of so many bytes has (Heaps' law, fitted to
// English); beyond the limit the table rather grows than asks for too much.
std::size_t guess_num_distinct(double num_bytes) {
  constexpr double kMaxGuess = 1 << 21;
  return static_cast<std::size_t>(std::min(kMaxGuess, 3.45 * std::pow(num_bytes, 0.62)));
}

// Adds the other tables to the first. The largest takes the others in: least is moved.
void merge_all(CountTable& table, std::span<CountTable> others, const Progress& progress) {
  for (CountTable& other : others) {
    if (other.size() > table.size()) std::swap(table, other);
  }
  for (CountTable& other : others) {
    progress.check();
    table.merge(other);
    other = CountTable();
  }
}

void count_chunks(CountTable& table, ChunkSource& source, std::uint64_t num_bytes,
                  const CountRules& rules, const CountOptions& options, Progress& progress) {
  progress.start_phase("counting", num_bytes);
  const std::uint64_t num_chunks = num_bytes / options.chunk_bytes + 1;
  const std::size_t num_threads = std::min<std::uint64_t>(options.num_threads, num_chunks);
  const std::size_t num_distinct =
      guess_num_distinct(static_cast<double>(num_bytes) / static_cast<double>(num_threads));
  std::vector<CountTable> others(num_threads - 1);
  run_in_threads(num_threads, progress, [&](std::size_t index) {
    CountTable& own = index == 0 ? table : others[index - 1];
    own.reserve(num_distinct);
    BatchCounter counter(rules, own, progress);
    Chunk chunk;
    while (source.next(chunk)) counter.count(chunk);
  });
  merge_all(table, others, progress);
}

}  // namespace

void count_documents(CountTable& table, std::span<const std::string_view> documents,
                     const CountRules& rules, const CountOptions& options, Progress& progress) {
  std::uint64_t num_bytes = 0;
  for (const std::string_view document : documents) num_bytes += document.size();
  DocumentChunks source(documents, rules, options.chunk_bytes);
  count_chunks(table, source, num_bytes, rules, options, progress);
}

void count_file(CountTable& table, const FileReader& file, const CountRules& rules,
                const CountOptions& options, Progress& progress) {
  FileChunks source(file, rules, options.chunk_bytes);
  count_chunks(table, source, file.size(), rules, options, progress);
  file.check_unchanged();
}

}  // namespace bpe
