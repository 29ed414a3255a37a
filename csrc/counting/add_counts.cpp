#include "counting/add_counts.h"

namespace bpe {
namespace {

constexpr std::uint64_t kReportEvery = 1 << 12;

}  // namespace

void add_counts(CountTable& table, const CountsFile& file, std::uint64_t min_frequency,
                Progress& progress) {
  progress.start_phase("reading counts", file.size());
  std::uint64_t num_read = 0;
  file.for_each([&](std::string_view pretoken, std::uint64_t count) {
    if (count >= min_frequency) table.add(pretoken, count);
    if (++num_read % kReportEvery == 0) progress.advance(kReportEvery);
  });
  progress.advance(num_read % kReportEvery);
}

}  // namespace bpe
