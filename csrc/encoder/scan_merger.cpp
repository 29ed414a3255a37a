// The walks over the array.
#include "encoder/scan_merger.h"

#include <algorithm>
#include <cstring>

namespace bpe {
namespace {

// Among so few tokens a rank hardly occurs twice.
constexpr std::size_t kFewTokens = 32;

}  // namespace

std::span<const std::uint32_t> ScanMerger::merge(std::string_view bytes) {
  start(bytes);
  while (count_ > 1) {
    const std::size_t at = find_smallest();
    if (symbols_[at].merge.rank == kNoRank) break;
    count_ > kFewTokens ? merge_all_from(at) : merge_one(at);
  }
  for (std::size_t i = 0; i < count_; ++i) ids_[i] = symbols_[i].id;
  return {ids_.data(), count_};
}

void ScanMerger::start(std::string_view bytes) {
  count_ = bytes.size();
  for (std::size_t i = 0; i + 1 < count_; ++i) {
    symbols_[i] = {vocabulary_.byte_ids[static_cast<unsigned char>(bytes[i])],
                   byte_pairs_.find(bytes[i], bytes[i + 1])};
  }
  symbols_[count_ - 1] = {vocabulary_.byte_ids[static_cast<unsigned char>(bytes.back())], {}};
}

// The position of the smallest rank, the first among equals. The compiler makes moves, not jumps,
// of it: where the smallest stands cannot be predicted. Two halves, because each step of one waits
// for the step before.
std::size_t ScanMerger::find_smallest() const noexcept {
  const auto keyed = [this](std::size_t i) {
    return std::uint64_t{symbols_[i].merge.rank} << 16 | i;
  };
  const std::size_t pairs = count_ - 1;
  const std::size_t half = pairs / 2;
  std::uint64_t first = keyed(half), second = keyed(pairs - 1);
  for (std::size_t i = 0; i < half; ++i) {
    const std::uint64_t a = keyed(i), b = keyed(half + i);
    first = a < first ? a : first;
    second = b < second ? b : second;
  }
  return std::min(first, second) & 0xFFFF;
}

void ScanMerger::merge_one(std::size_t at) {
  symbols_[at] = {symbols_[at].merge.new_id, {}};
  --count_;
  if (at + 1 < count_) {
    std::memmove(&symbols_[at + 1], &symbols_[at + 2], (count_ - at - 1) * sizeof(Symbol));
    symbols_[at].merge = find(at, at + 1);
  }
  if (at > 0) symbols_[at - 1].merge = find(at - 1, at);
}

void ScanMerger::merge_all_from(std::size_t at) {
  const std::uint32_t rank = symbols_[at].merge.rank;
  std::size_t read = at, write = at;
  for (bool in_order = true; read < count_; ++write) {
    if (symbols_[read].merge.rank != rank || !in_order) {
      symbols_[write] = symbols_[read++];
      continue;
    }
    symbols_[write] = {symbols_[read].merge.new_id, {}};
    read += 2;
    if (write > 0) {
      symbols_[write - 1].merge = find(write - 1, write);
      in_order = symbols_[write - 1].merge.rank > rank;
    }
    if (read < count_) {
      symbols_[write].merge = find(write, read);
      in_order = in_order && symbols_[write].merge.rank > rank;
    }
  }
  count_ = write;
}

}  // namespace bpe
