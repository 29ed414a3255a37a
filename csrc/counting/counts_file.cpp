#include "counting/counts_file.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crc32.h"
#include "base/errors.h"
#include "counting/count_table.h"
#include "counting/quoted.h"

namespace bpe {
namespace {

// No entry is shorter: two lengths, a byte and a count.
constexpr std::uint64_t kMinEntryBytes = 4;

struct BlockHeader {
  std::uint64_t payload_bytes;
  std::uint32_t num_entries;
  std::uint32_t crc;
};
static_assert(sizeof(BlockHeader) == kBlockHeaderBytes);

std::uint32_t crc_of(const BlockHeader& header, std::string_view payload, std::uint32_t before) {
  return crc32(payload,
               crc32({reinterpret_cast<const char*>(&header), kCheckedHeaderBytes}, before));
}

}  // namespace

CountsFile::CountsFile(const std::string& path, std::uint64_t body, std::uint32_t crc_before)
    : path_(path), file_(path), body_(body), crc_before_(crc_before) {
  if (file_.size() < body_ + kEndBytes) fail(file_.size(), "the file ends too early");
  end_ = file_.size() - kEndBytes;
  struct {
    BlockHeader header;
    CountsTotals totals;
  } last;
  static_assert(sizeof last == kEndBytes);
  file_.read(end_, {reinterpret_cast<char*>(&last), sizeof last});
  const std::string_view payload(reinterpret_cast<const char*>(&last.totals), sizeof last.totals);
  if (last.header.num_entries != 0 || last.header.payload_bytes != sizeof last.totals ||
      last.header.crc != crc_of(last.header, payload, crc_before_)) {
    fail(end_, "the totals do not stand there; the file is cut short, or was appended to");
  }
  totals_ = last.totals;
  const std::uint64_t most = (end_ - body_) / kMinEntryBytes;
  if (totals_.num_distinct > most || totals_.total > kMaxTotalCount ||
      totals_.total < totals_.num_distinct || totals_.dropped_occurrences > kMaxTotalCount ||
      totals_.dropped_occurrences < totals_.dropped_pretokens) {
    fail(end_, "the totals contradict each other or the size of the file");
  }
}

void CountsFile::fail(std::uint64_t offset, const std::string& what) const {
  throw Error(ErrorKind::format, path_ + ", offset " + std::to_string(offset) + ": " + what +
                                     "; copy or count it again");
}

bool CountsCursor::next() {
  if (num_left_ == 0 && !next_block()) return false;
  read_entry();
  if (--num_left_ == 0 && next_ != end_) fail_here("the block holds more than its entries");
  return true;
}

bool CountsCursor::next_block() {
  block_offset_ = offset_;
  if (offset_ == file_->end_) {
    if (num_read_ != file_->size() || total_read_ != file_->total()) {
      fail_here("the totals are " + std::to_string(file_->size()) + " pretokens and " +
                std::to_string(file_->total()) + " occurrences, but there were " +
                std::to_string(num_read_) + " and " + std::to_string(total_read_));
    }
    return false;
  }
  BlockHeader header;
  const std::uint64_t left = file_->end_ - offset_;
  if (left < sizeof header) fail_here("the last block is cut short");
  file_->file_.read(offset_, {reinterpret_cast<char*>(&header), sizeof header});
  if (header.payload_bytes > left - sizeof header) fail_here("the block is longer than the file");
  if (block_.size() < header.payload_bytes) block_.resize(header.payload_bytes);
  const auto size = static_cast<std::size_t>(header.payload_bytes);
  file_->file_.read(offset_ + sizeof header, {block_.data(), size});
  if (header.crc != crc_of(header, {block_.data(), size}, file_->crc_before_)) {
    fail_here("the checksum of the block does not match");
  }
  if (header.num_entries == 0) fail_here("the block is empty");
  offset_ += sizeof header + header.payload_bytes;
  next_ = block_.data();
  end_ = next_ + size;
  num_left_ = header.num_entries;
  is_first_ = true;
  return true;
}

void CountsCursor::read_entry() {
  std::uint64_t shared = 0;
  std::uint64_t rest = 0;
  if (!read_varint(next_, end_, shared) || !read_varint(next_, end_, rest) ||
      rest > static_cast<std::uint64_t>(end_ - next_)) {
    fail_here("an entry is cut short");
  }
  if (shared > (is_first_ ? 0 : length_)) {
    fail_here("a pretoken repeats more bytes than the one before it has");
  }
  append(shared, rest);
  if (!read_varint(next_, end_, count_)) fail_here("a count is cut short or too large");
  if (count_ == 0) fail_here("the count of " + quoted(pretoken()) + " is 0");
  if (count_ > kMaxTotalCount - total_read_) fail_here("the counts sum to more than 2^63 - 1");
  total_read_ += count_;
  ++num_read_;
  is_first_ = false;
}

// The new pretoken comes after the old one if its first new byte is larger, or the old one is used
// up. So one comparison also proves that not one byte more could have been shared.
void CountsCursor::append(std::uint64_t shared, std::uint64_t rest) {
  const auto kept = static_cast<std::size_t>(shared);
  const auto added = static_cast<std::size_t>(rest);
  const std::string_view old = pretoken();
  const std::string_view fresh(next_, added);
  const bool ascends =
      is_first_ ? old < fresh
                : added != 0 && (kept == length_ || static_cast<unsigned char>(old[kept]) <
                                                        static_cast<unsigned char>(fresh[0]));
  if (!ascends) {
    fail_here("the pretokens are not sorted, or one stands there twice, after " + quoted(old));
  }
  if (pretoken_.size() < kept + added) pretoken_.resize(std::max(kept + added, std::size_t{64}));
  std::memcpy(pretoken_.data() + kept, next_, added);
  length_ = kept + added;
  next_ += added;
}

void CountsCursor::fail_here(const std::string& what) const { file_->fail(block_offset_, what); }

}  // namespace bpe
