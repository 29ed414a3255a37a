// The counting loop of one thread: text to pretokens to keys to counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/progress.h"
#include "counting/chunks.h"
#include "counting/count_table.h"
#include "counting/cuts.h"
#include "pretokenizer/key_batch.h"

namespace bpe {

class BatchCounter {
 public:
  // All must outlive the counter. Nobody else may use the table while a chunk is counted.
  BatchCounter(const CountRules& rules, CountTable& table, Progress& progress)
      : rules_(rules), table_(table), progress_(progress) {}

  // Adds the pretokens of all texts of the chunk. Throws what CountTable::count_batch throws, and
  // Cancelled; the table then holds a part of the chunk.
  void count(const Chunk& chunk);

 private:
  void count_text(const Text& text);
  void count_ordinary(const Text& text);
  void append(const char* text, std::size_t length, std::span<const EndOffset> ends,
              const char* readable_end);
  void flush();
  void report(std::size_t num_bytes);

  const CountRules& rules_;
  CountTable& table_;
  Progress& progress_;
  std::size_t unreported_ = 0;

  SlotIndex index_;  // what the batch is packed for
  KeyBatch batch_;
  std::array<LongSlot, kMaxBatchPretokens> longs_;  // those of the batch, at the place of its text
  std::size_t num_longs_ = 0;
  std::array<EndOffset, kMaxBatchPretokens> ends_;
};

}  // namespace bpe
