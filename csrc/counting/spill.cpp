#include "counting/spill.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/file_writer.h"
#include "counting/counts_writer.h"
#include "counting/merge_counts.h"
#include "counting/sorted_items.h"

namespace bpe {
namespace {

// More distinct pretokens than one chunk of a corpus is likely to bring: the tables are looked at
// between chunks.
constexpr std::size_t kHeadroom = std::size_t{1} << 14;

// The memory of one table at its worst: while it grows, or while it is sorted.
std::uint64_t peak_bytes(const CountTable& table) noexcept {
  const std::uint64_t sorting = table.num_bytes() + table.size() * sizeof(SortedItem);
  return std::max(table.num_bytes_with(kHeadroom), sorting);
}

}  // namespace

bool Spill::is_full(const CountTable& table, std::size_t num_tables) const noexcept {
  if (table.size() == 0) return false;
  return table.size() >= options_.max_pretokens ||
         peak_bytes(table) > options_.table_bytes / num_tables;
}

bool Spill::can_merge(const CountTable& table, const CountTable& other) const noexcept {
  return table.size() + other.size() <= options_.max_pretokens &&
         table.num_bytes_with(other.size()) + other.num_bytes() <= options_.table_bytes;
}

std::size_t Spill::reservation(std::size_t wanted, std::size_t num_tables) const noexcept {
  // A quarter of the share: a table that has twice the room it needs, and may have to double.
  const std::uint64_t share = options_.table_bytes / num_tables / 4 / CountTable::kBytesPerPretoken;
  return static_cast<std::size_t>(std::min<std::uint64_t>({wanted, share, options_.max_pretokens}));
}

void Spill::write_run(CountTable& table, const Progress& progress) {
  const std::string path = next_path();
  FileWriter file(path);
  CountsWriter writer(file, 0, progress);
  {
    const std::vector<SortedItem> items = sorted_items(table, progress);
    visit_sorted(items, [&](const SortedItem& item) { writer.add(item.pretoken, item.count); });
  }
  writer.finish();
  file.close();
  table = CountTable();
  const std::lock_guard lock(mutex_);
  runs_.push_back(path);
}

std::size_t Spill::num_runs() const {
  const std::lock_guard lock(mutex_);
  return runs_.size();
}

std::string Spill::merge_runs(Progress& progress) {
  std::uint64_t num_pretokens = 0;
  for (const std::string& run : runs_) num_pretokens += CountsFile(run, 0, 0).size();
  progress.start_phase("merging runs", num_pretokens);
  while (runs_.size() > 1) {
    const auto last =
        runs_.begin() + static_cast<std::ptrdiff_t>(std::min(runs_.size(), kMaxOpenFiles));
    std::vector<std::string> first(runs_.begin(), last);
    runs_.erase(runs_.begin(), last);
    runs_.push_back(merge_some(std::move(first), progress));
  }
  return runs_.front();
}

std::string Spill::merge_some(std::vector<std::string> paths, Progress& progress) {
  std::vector<std::unique_ptr<CountsFile>> files;
  std::vector<const CountsFile*> views;
  for (const std::string& path : paths) {
    views.push_back(files.emplace_back(std::make_unique<CountsFile>(path, 0, 0)).get());
  }
  const std::string merged = next_path();
  FileWriter file(merged);
  CountsWriter writer(file, 0, progress);
  merge_counts(views, 1, writer, progress);
  writer.finish();
  file.close();
  for (const std::string& path : paths) std::remove(path.c_str());
  return merged;
}

std::string Spill::next_path() {
  const std::lock_guard lock(mutex_);
  return options_.folder + "/run-" + std::to_string(num_paths_++);
}

}  // namespace bpe
