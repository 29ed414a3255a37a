// Reads the body of a counts file from front to back, in bounded memory, believing none of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_reader.h"
#include "base/progress.h"
#include "counting/counts_blocks.h"

namespace bpe {

// An open counts file. Immutable: any number of cursors may read it, in any threads. What is wrong
// with the file is an Error(format) that names the file and the offset.
class CountsFile {
 public:
  // Checks the end of the file, which holds the totals. `body` is where the blocks begin and
  // `crc_before` the checksum of what stands before them.
  CountsFile(const std::string& path, std::uint64_t body, std::uint32_t crc_before);

  const std::string& path() const noexcept { return path_; }
  const CountsTotals& totals() const noexcept { return totals_; }
  std::uint64_t size() const noexcept { return totals_.num_distinct; }
  std::uint64_t total() const noexcept { return totals_.total; }

  // Calls visit(std::string_view pretoken, std::uint64_t count) for every pretoken, in ascending
  // order of the bytes. A view is valid during its call only.
  template <class Visit>
  void for_each(Visit&& visit) const;

 private:
  friend class CountsCursor;
  [[noreturn]] void fail(std::uint64_t offset, const std::string& what) const;

  std::string path_;
  FileReader file_;
  std::uint64_t body_;
  std::uint64_t end_;  // where the block of totals begins
  std::uint32_t crc_before_;
  CountsTotals totals_;
};

// Goes through one file. Memory: a block and the longest pretoken.
class CountsCursor {
 public:
  // The file must outlive the cursor.
  explicit CountsCursor(const CountsFile& file) : file_(&file), offset_(file.body_) {}

  // Goes to the next pretoken; false at the end. Both are valid until the next call.
  bool next();
  std::string_view pretoken() const noexcept { return {pretoken_.data(), length_}; }
  std::uint64_t count() const noexcept { return count_; }

 private:
  bool next_block();
  void read_entry();
  void append(std::uint64_t shared, std::uint64_t rest);
  [[noreturn]] void fail_here(const std::string& what) const;

  const CountsFile* file_;
  std::uint64_t offset_;            // of the next block
  std::uint64_t block_offset_ = 0;  // of the present one
  std::vector<char> block_;
  const char* next_ = nullptr;
  const char* end_ = nullptr;
  std::uint32_t num_left_ = 0;  // entries of the block
  bool is_first_ = true;        // of the block
  std::vector<char> pretoken_;
  std::size_t length_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t num_read_ = 0;
  std::uint64_t total_read_ = 0;
};

template <class Visit>
void CountsFile::for_each(Visit&& visit) const {
  CountsCursor cursor(*this);
  while (cursor.next()) visit(cursor.pretoken(), cursor.count());
}

}  // namespace bpe
