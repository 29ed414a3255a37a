#include "counting/counts_writer.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "base/crc32.h"
#include "base/errors.h"
#include "base/hash.h"
#include "counting/count_table.h"
#include "counting/quoted.h"

namespace bpe {
namespace {

std::size_t shared_prefix(std::string_view a, std::string_view b) {
  const std::size_t length = std::min(a.size(), b.size());
  std::size_t shared = 0;
  while (length - shared >= 8 && load_u64(&a[shared]) == load_u64(&b[shared])) shared += 8;
  while (shared < length && a[shared] == b[shared]) ++shared;
  return shared;
}

std::uint64_t checked_sum(std::uint64_t a, std::uint64_t b, const std::string& what) {
  if (a <= kMaxTotalCount && b <= kMaxTotalCount - a) return a + b;
  throw Error(ErrorKind::training, "the counts would sum to more than 2^63 - 1: adding " +
                                       std::to_string(b) + " (" + what + ") to a total of " +
                                       std::to_string(a) + "; scale the counts down");
}

}  // namespace

void CountsWriter::add(std::string_view pretoken, std::uint64_t count) {
  if (count == 0) throw std::logic_error("a pretoken without occurrences");
  if (count > kMaxTotalCount - totals_.total) {
    checked_sum(totals_.total, count, "pretoken " + quoted(pretoken));
  }
  totals_.total += count;
  ++totals_.num_distinct;
  start_entry(pretoken);
  append_varint(payload_, count);
  ++num_entries_;
  if (payload_.size() >= kBlockBytes) flush();
}

void CountsWriter::start_entry(std::string_view pretoken) {
  const std::size_t shared = shared_prefix(previous_, pretoken);
  const bool ascends =
      shared < pretoken.size() &&
      (shared == previous_.size() || static_cast<unsigned char>(pretoken[shared]) >
                                         static_cast<unsigned char>(previous_[shared]));
  if (!ascends) throw std::logic_error("pretokens must come sorted, each once");
  const std::size_t repeated = num_entries_ == 0 ? 0 : shared;
  append_varint(payload_, repeated);
  append_varint(payload_, pretoken.size() - repeated);
  payload_.append(pretoken.substr(repeated));
  previous_.resize(shared);
  previous_.append(pretoken.substr(shared));
}

void CountsWriter::drop(std::uint64_t num_pretokens, std::uint64_t num_occurrences) {
  totals_.dropped_pretokens += num_pretokens;  // each stands for at least one occurrence
  totals_.dropped_occurrences =
      checked_sum(totals_.dropped_occurrences, num_occurrences, "occurrences that were dropped");
}

void CountsWriter::finish() {
  if (num_entries_ != 0) flush();
  write_block({reinterpret_cast<const char*>(&totals_), sizeof totals_}, 0);
}

void CountsWriter::flush() {
  progress_.check();
  write_block(payload_, num_entries_);
  payload_.clear();
  num_entries_ = 0;
}

void CountsWriter::write_block(std::string_view payload, std::uint32_t num_entries) {
  char header[kBlockHeaderBytes];
  const std::uint64_t payload_bytes = payload.size();
  std::memcpy(header, &payload_bytes, 8);
  std::memcpy(header + 8, &num_entries, 4);
  const std::uint32_t crc = crc32(payload, crc32({header, kCheckedHeaderBytes}, crc_before_));
  std::memcpy(header + kCheckedHeaderBytes, &crc, 4);
  file_.write({header, sizeof header});
  file_.write(payload);
}

}  // namespace bpe
