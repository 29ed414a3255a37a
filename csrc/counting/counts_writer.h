// Writes the body of a counts file, pretoken by pretoken.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file_writer.h"
#include "base/progress.h"
#include "counting/counts_blocks.h"

namespace bpe {

// Memory: two blocks and the longest pretoken.
class CountsWriter {
 public:
  // `crc_before` is the checksum of what stands before the body. Both must outlive the writer.
  CountsWriter(FileWriter& file, std::uint32_t crc_before, const Progress& progress)
      : file_(file), progress_(progress), crc_before_(crc_before) {}

  // Pretokens must come in strictly ascending order of their bytes. Throws Error(training) when the
  // sum of all counts passes 2^63 - 1.
  void add(std::string_view pretoken, std::uint64_t count);

  // Notes what was left out.
  void drop(std::uint64_t num_pretokens, std::uint64_t num_occurrences);

  // Call once, after the last pretoken.
  void finish();

 private:
  void start_entry(std::string_view pretoken);
  void flush();
  void write_block(std::string_view payload, std::uint32_t num_entries);

  FileWriter& file_;
  const Progress& progress_;
  const std::uint32_t crc_before_;
  std::string payload_;
  std::string previous_;
  std::uint32_t num_entries_ = 0;
  CountsTotals totals_;
};

}  // namespace bpe
