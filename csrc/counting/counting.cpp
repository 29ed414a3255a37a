// Threads around the counting loop: each has a table, all share the chunks.
#include "counting/counting.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/threads.h"
#include "counting/batch_counter.h"

namespace bpe {

Counter::Counter(CountRules rules, const CountOptions& options)
    : rules_(std::move(rules)), options_(options) {}

void Counter::add_documents(std::span<const std::string_view> documents, Progress& progress) {
  std::uint64_t num_bytes = 0;
  for (const std::string_view document : documents) num_bytes += document.size();
  DocumentChunks source(documents, rules_, options_.chunk_bytes);
  add_chunks(source, num_bytes, progress);
}

void Counter::add_files(std::span<const std::string> paths, Progress& progress) {
  FileChunks source(paths, rules_, options_.chunk_bytes);
  add_chunks(source, source.num_bytes(), progress);
}

void Counter::add_chunks(ChunkSource& source, std::uint64_t num_bytes, Progress& progress) {
  progress.start_phase("counting", num_bytes);
  const std::uint64_t num_chunks = num_bytes / options_.chunk_bytes + 1;
  const std::size_t num_threads = std::min<std::uint64_t>(options_.num_threads, num_chunks);
  if (tables_.size() < num_threads) tables_.resize(num_threads);
  const std::size_t num_distinct = guess_num_distinct(num_bytes / num_threads);
  run_in_threads(num_threads, progress, [&](std::size_t index) {
    CountTable& table = tables_[index];
    reserve(table, num_distinct);
    BatchCounter counter(rules_, table, progress);
    Chunk chunk;
    while (source.next(chunk)) {
      counter.count(chunk);
      if (options_.spill == nullptr || !options_.spill->is_full(table, tables_.size())) continue;
      options_.spill->write_run(table, progress);
      reserve(table, num_distinct);
    }
  });
}

void Counter::reserve(CountTable& table, std::size_t num_pretokens) {
  if (options_.spill != nullptr) {
    num_pretokens = options_.spill->reservation(num_pretokens, tables_.size());
  }
  table.reserve(num_pretokens);
}

void Counter::adopt(CountTable table) {
  if (tables_.empty()) tables_.resize(1);
  tables_.front() = std::move(table);
}

CountTable Counter::finish(Progress& progress) {
  std::vector<CountTable> tables = std::exchange(tables_, {});
  std::erase_if(tables, [](const CountTable& table) { return table.size() == 0; });
  if (tables.empty()) return {};
  // The largest table takes the others in: least is moved.
  const auto largest =
      std::max_element(tables.begin(), tables.end(),
                       [](const auto& a, const auto& b) { return a.size() < b.size(); });
  std::swap(*largest, tables.front());
  const auto others = std::span(tables).subspan(1);
  if (options_.spill == nullptr) {
    tables.front().join(others, options_.num_threads, progress);
  } else {
    merge_or_spill(tables.front(), others, progress);
  }
  return std::move(tables.front());
}

void Counter::merge_or_spill(CountTable& table, std::span<CountTable> others, Progress& progress) {
  for (CountTable& other : others) {
    progress.check();
    if (!options_.spill->can_merge(table, other)) {
      options_.spill->write_run(other, progress);
    } else {
      table.merge(other);
      other = CountTable();
    }
  }
}

std::uint64_t Counter::total() const noexcept {
  std::uint64_t total = 0;
  for (const CountTable& table : tables_) total += table.total();
  return total;
}

// Heaps' law, fitted to English. Beyond the limit the table rather grows than asks for too much.
std::size_t guess_num_distinct(std::uint64_t num_bytes) {
  constexpr double kMaxGuess = 1 << 21;
  return static_cast<std::size_t>(
      std::min(kMaxGuess, 3.45 * std::pow(static_cast<double>(num_bytes), 0.62)));
}

}  // namespace bpe
