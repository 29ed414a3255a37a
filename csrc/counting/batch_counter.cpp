// Fills batches of pretokens across the borders of texts, so that short documents are as fast as
// long.
#include "counting/batch_counter.h"

#include <array>

namespace bpe {
namespace {

// Some 0.1 to 0.5 ms of work.
constexpr std::size_t kReportBytes = std::size_t{64} << 10;

// The last pretoken ends at `total`, also if its end is kFarEnd.
template <class MakeKey>
void push_pretokens(PretokenBatch& batch, const CountTable& table, const char* text,
                    std::span<const EndOffset> ends, std::size_t total, MakeKey make_key_of) {
  EndOffset begin = 0;
  for (const EndOffset end : ends) {
    const char* const data = text + begin;
    std::size_t length = end - begin;
    if (length > kMaxKeyBytes) [[unlikely]] {
      if (end == kFarEnd) length = total - begin;
      const std::uint64_t hash = hash_bytes(data, length);
      table.prefetch_long(hash);
      batch.longs[batch.num_longs++] = {{data, length}, hash};
    } else {
      const PretokenKey key = make_key_of(data, length);
      const std::uint64_t hash = hash_key(key);
      table.prefetch_short(hash);
      batch.shorts[batch.num_shorts++] = {key, hash};
    }
    begin = end;
  }
}

}  // namespace

void BatchCounter::count(const Chunk& chunk) {
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
  std::array<EndOffset, kBatchPretokens> ends;
  std::size_t begin = 0;
  while (const std::size_t count = scanner.fill(std::span(ends).first(batch_.free()))) {
    push(text, begin, std::span(ends).first(count), scanner.position());
    report(scanner.position() - begin);
    begin = scanner.position();
    if (batch_.free() < kMaxStepEnds) flush();
  }
}

void BatchCounter::push(const Text& text, std::size_t begin, std::span<const EndOffset> ends,
                        std::size_t last_end) {
  const char* const data = text.bytes.data() + begin;
  const std::size_t total = last_end - begin;
  // Only the pretokens at the very end of a document in memory have too little behind them.
  if (text.readable_end - (data + total) >= static_cast<std::ptrdiff_t>(sizeof(PretokenKey))) {
    push_pretokens(batch_, table_, data, ends, total, make_key_unchecked);
  } else {
    push_pretokens(batch_, table_, data, ends, total, make_key);
  }
}

void BatchCounter::flush() { table_.count_batch(batch_); }

void BatchCounter::report(std::size_t num_bytes) {
  unreported_ += num_bytes;
  if (unreported_ < kReportBytes) return;
  progress_.advance(unreported_);
  unreported_ = 0;
}

}  // namespace bpe
