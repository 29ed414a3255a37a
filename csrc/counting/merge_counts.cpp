#include "counting/merge_counts.h"

#include <algorithm>
#include <cstddef>

#include "base/errors.h"
#include "counting/count_table.h"
#include "counting/quoted.h"

namespace bpe {
namespace {

constexpr std::uint64_t kReportEvery = 1 << 12;

// The cursors that are not at their end, the one with the smallest pretoken in front.
class CursorQueue {
 public:
  explicit CursorQueue(const std::vector<const CountsFile*>& files) {
    cursors_.reserve(files.size());
    for (const CountsFile* const file : files) cursors_.emplace_back(*file);
    for (CountsCursor& cursor : cursors_) push(&cursor);
  }

  bool empty() const noexcept { return heap_.empty(); }
  const CountsCursor& front() const noexcept { return *heap_.front(); }

  void advance_front() {
    std::pop_heap(heap_.begin(), heap_.end(), comes_later);
    CountsCursor* const cursor = heap_.back();
    heap_.pop_back();
    push(cursor);
  }

 private:
  static bool comes_later(const CountsCursor* a, const CountsCursor* b) noexcept {
    return a->pretoken() > b->pretoken();
  }

  void push(CountsCursor* cursor) {
    if (!cursor->next()) return;
    heap_.push_back(cursor);
    std::push_heap(heap_.begin(), heap_.end(), comes_later);
  }

  std::vector<CountsCursor> cursors_;
  std::vector<CountsCursor*> heap_;
};

std::uint64_t checked_sum(std::uint64_t a, std::uint64_t b, std::string_view pretoken) {
  if (b <= kMaxTotalCount - a) return a + b;
  throw Error(ErrorKind::training, "the counts of pretoken " + quoted(pretoken) +
                                       " sum to more than 2^63 - 1; scale the counts down");
}

}  // namespace

void merge_counts(const std::vector<const CountsFile*>& files, std::uint64_t min_frequency,
                  CountsWriter& out, Progress& progress) {
  for (const CountsFile* const file : files) {
    out.drop(file->totals().dropped_pretokens, file->totals().dropped_occurrences);
  }
  CursorQueue queue(files);
  std::string pretoken;
  std::uint64_t num_read = 0;
  while (!queue.empty()) {
    pretoken = queue.front().pretoken();
    std::uint64_t count = 0;
    do {
      count = checked_sum(count, queue.front().count(), pretoken);
      queue.advance_front();
      if (++num_read % kReportEvery == 0) progress.advance(kReportEvery);
    } while (!queue.empty() && queue.front().pretoken() == pretoken);
    if (count >= min_frequency) {
      out.add(pretoken, count);
    } else {
      out.drop(1, count);
    }
  }
  progress.advance(num_read % kReportEvery);
}

}  // namespace bpe
