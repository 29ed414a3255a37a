// Memory for byte strings that live as long as their owner: they are copied in and never move.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "base/zeroed_array.h"

namespace bpe {

// Blocks double up to kMaxBlock, so small arenas stay small and big ones live on huge pages.
class Arena {
 public:
  std::string_view copy(std::string_view bytes) {
    char* const start = allocate(bytes.size());
    std::memcpy(start, bytes.data(), bytes.size());
    return {start, bytes.size()};
  }

  char* allocate(std::size_t size) {
    if (size > free_) add_block(size);
    char* const start = next_;
    next_ += size;
    free_ -= size;
    return start;
  }

  // What the blocks take, their unused ends included.
  std::size_t num_bytes() const noexcept { return num_bytes_; }

  // Takes over everything that lies in another arena, where it lies.
  void take(Arena& other) {
    // Before our own, whose last block is the one in use.
    blocks_.insert(blocks_.begin(), std::make_move_iterator(other.blocks_.begin()),
                   std::make_move_iterator(other.blocks_.end()));
    num_bytes_ += std::exchange(other.num_bytes_, 0);
    other = Arena();
  }

 private:
  static constexpr std::size_t kMinBlock = std::size_t{4} << 10;
  static constexpr std::size_t kMaxBlock = std::size_t{4} << 20;

  void add_block(std::size_t at_least) {
    const std::size_t previous = blocks_.empty() ? 0 : blocks_.back().size();
    const std::size_t usual = std::clamp(2 * previous, kMinBlock, kMaxBlock);
    blocks_.emplace_back(std::max(usual, at_least));
    next_ = blocks_.back().data();
    free_ = blocks_.back().size();
    num_bytes_ += free_;
  }

  std::vector<ZeroedArray<char>> blocks_;
  char* next_ = nullptr;
  std::size_t free_ = 0;
  std::size_t num_bytes_ = 0;
};

}  // namespace bpe
