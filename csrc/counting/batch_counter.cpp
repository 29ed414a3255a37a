// Fills batches of pretokens across the borders of texts, so that short documents are as fast as
// long.
#include "counting/batch_counter.h"

namespace bpe {
namespace {

// Some 0.1 to 0.5 ms of work.
constexpr std::size_t kReportBytes = std::size_t{64} << 10;

}  // namespace

void BatchCounter::count(const Chunk& chunk) {
  // Between two chunks the table may have been emptied.
  index_ = table_.begin_batch();
  for (const Text& text : chunk.texts()) count_text(text);
  // The next chunk may lie where this one does.
  flush();
  progress_.advance(unreported_);
  unreported_ = 0;
}

void BatchCounter::count_text(const Text& text) {
  std::size_t begin = 0;
  for (const SpecialMatch& match : rules_.special_tokens.find_all(text.bytes)) {
    count_ordinary({text.bytes.substr(begin, match.begin - begin), text.readable_end});
    report(match.length);
    begin = match.begin + match.length;
  }
  count_ordinary({text.bytes.substr(begin), text.readable_end});
}

void BatchCounter::count_ordinary(const Text& text) {
  Scanner scanner(rules_.pattern, text.bytes);
  while (true) {
    const std::size_t room = kMaxBatchPretokens - batch_.size();
    const std::size_t begin = scanner.position();
    const std::size_t count = scanner.fill(std::span(ends_).first(room));
    if (count == 0) return;
    const std::size_t length = scanner.position() - begin;
    append(text.bytes.data() + begin, length, std::span(ends_).first(count), text.readable_end);
    report(length);
    if (batch_.size() >= kBatchPretokens) flush();
  }
}

// The last pretoken ends after `length` bytes, also if its end is kFarEnd.
void BatchCounter::append(const char* text, std::size_t length, std::span<const EndOffset> ends,
                          const char* readable_end) {
  const std::size_t first = batch_.size();
  batch_.append(text, ends, readable_end, index_);
  for (; num_longs_ < batch_.longs().size(); ++num_longs_) {
    const std::size_t number = batch_.longs()[num_longs_] - first;
    const std::size_t begin = number == 0 ? 0 : ends[number - 1];
    const std::size_t end = ends[number] == kFarEnd ? length : ends[number];
    longs_[num_longs_] = make_long_slot({text + begin, end - begin}, 1);
    table_.prefetch(longs_[num_longs_]);
  }
}

void BatchCounter::flush() {
  table_.count_batch(batch_, std::span(longs_).first(num_longs_));
  batch_.clear();
  num_longs_ = 0;
  index_ = table_.begin_batch();
}

void BatchCounter::report(std::size_t num_bytes) {
  unreported_ += num_bytes;
  if (unreported_ < kReportBytes) return;
  progress_.advance(unreported_);
  unreported_ = 0;
}

}  // namespace bpe
