// A pretoken is added some places after it was read: meanwhile its slot is on its way to the cache.
#include "counting/add_counts.h"

#include <array>
#include <cstddef>
#include <string>

namespace bpe {
namespace {

constexpr std::uint64_t kReportEvery = 1 << 12;

class DelayedAdder {
 public:
  explicit DelayedAdder(CountTable& table) noexcept : table_(table) {}

  void add(std::string_view pretoken, std::uint64_t count) {
    Entry& entry = entries_[num_added_++ % entries_.size()];
    add_to_table(entry);
    table_.prefetch(pretoken);
    entry.pretoken.assign(pretoken);
    entry.count = count;
  }

  // What still waits; to be called at the end.
  void finish() {
    for (Entry& entry : entries_) add_to_table(entry);
  }

 private:
  struct Entry {
    std::string pretoken;
    std::uint64_t count = 0;  // 0: nothing waits here
  };

  void add_to_table(Entry& entry) {
    if (entry.count != 0) table_.add(entry.pretoken, entry.count);
    entry.count = 0;
  }

  CountTable& table_;
  std::array<Entry, 32> entries_;
  std::size_t num_added_ = 0;
};

}  // namespace

void add_counts(CountTable& table, const CountsFile& file, std::uint64_t min_frequency,
                Progress& progress) {
  progress.start_phase("reading counts", file.size());
  DelayedAdder adder(table);
  std::uint64_t num_read = 0;
  file.for_each([&](std::string_view pretoken, std::uint64_t count) {
    if (count >= min_frequency) adder.add(pretoken, count);
    if (++num_read % kReportEvery == 0) progress.advance(kReportEvery);
  });
  adder.finish();
  progress.advance(num_read % kReportEvery);
}

}  // namespace bpe
