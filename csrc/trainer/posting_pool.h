// Memory for lists of positions whose exact length is known when they are made.
//
// Slices are cut from large blocks. A freed slice goes to a list by the power of two below its
// length and serves later requests; what is left over of it stays free. Slices never move.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/zeroed_array.h"

namespace bpe {

class PostingPool {
 public:
  using Slice = std::span<std::uint32_t>;

  // The contents are undefined. A slice stays valid until it is released or the pool is cleared.
  Slice allocate(std::size_t length) {
    for (std::size_t size_class = std::bit_width(length); size_class < kNumClasses; ++size_class) {
      std::vector<Slice>& slices = free_[size_class];
      if (slices.empty()) continue;
      const Slice slice = slices.back();
      slices.pop_back();
      release(slice.subspan(length));
      return slice.first(length);
    }
    return cut(length);
  }

  void release(Slice slice) {
    if (slice.size() < kMinFreed) return;
    free_[std::bit_width(slice.size()) - 1].push_back(slice);
  }

  void clear() {
    for (auto& slices : free_) slices.clear();
    blocks_.clear();
    rest_ = {};
  }

 private:
  static constexpr std::size_t kBlockLength = std::size_t{1} << 20;
  static constexpr std::size_t kNumClasses = 33;
  static constexpr std::size_t kMinFreed =
      8;  // shorter ones would cost more to keep than they save

  Slice cut(std::size_t length) {
    if (rest_.size() < length) {
      release(rest_);
      const std::size_t block = length > kBlockLength ? length : kBlockLength;
      rest_ = {blocks_.emplace_back(block).data(), block};
    }
    const Slice slice = rest_.first(length);
    rest_ = rest_.subspan(length);
    return slice;
  }

  std::array<std::vector<Slice>, kNumClasses> free_;
  std::vector<ZeroedArray<std::uint32_t>> blocks_;
  Slice rest_;
};

}  // namespace bpe
