// A growing array of ids that is not cleared first and may be written past its end, within reserve.
//
// Large ones lie on huge pages where the system offers them: the first touch of 24 MB costs 10 ms
// on small pages and 2 ms on huge ones, and encoding English takes about a millisecond a megabyte.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "base/zeroed_array.h"

namespace bpe {

// Not thread-safe. Growth doubles, so appending is O(1) amortised. Memory that is reserved and
// never written costs nothing but addresses.
class IdBuffer {
 public:
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::uint32_t* data() noexcept { return data_.get(); }
  std::span<const std::uint32_t> ids() const noexcept { return {data_.get(), size_}; }
  void clear() noexcept { size_ = 0; }

  // Makes room for `extra` more ids; the room is data()[size() .. size() + extra).
  void reserve_more(std::size_t extra) {
    if (extra > capacity_ - size_) grow(extra);
  }

  // Makes room for what a text of this size usually becomes, so that it need not be moved.
  void expect_text(std::size_t num_bytes) { reserve_more(num_bytes / 2); }

  // Says how many of the reserved ids have been written.
  void set_size(std::size_t size) noexcept { size_ = size; }

  void push_back(std::uint32_t id) {
    reserve_more(1);
    data_.get()[size_++] = id;
  }

  void append(std::span<const std::uint32_t> ids) {
    reserve_more(ids.size());
    std::copy(ids.begin(), ids.end(), data_.get() + size_);
    size_ += ids.size();
  }

  // Gives the memory away, cut to size: `free` it.
  std::uint32_t* release() noexcept {
    if (size_ < capacity_ / 2) shrink();
    size_ = capacity_ = 0;
    return data_.release();
  }

 private:
  struct Free {
    void operator()(std::uint32_t* data) const noexcept { std::free(data); }
  };

  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
  static constexpr std::size_t kHugeFrom = 2 * kHugePage;

  void grow(std::size_t extra) {
    constexpr std::size_t kSmallest = 64;
    const std::size_t capacity = std::max({2 * capacity_, size_ + extra, kSmallest});
    if (capacity > SIZE_MAX / (2 * sizeof(std::uint32_t))) throw std::bad_alloc();
    if (capacity * sizeof(std::uint32_t) >= kHugeFrom) return move_to_huge_pages(capacity);
    resize(capacity);
  }
  void shrink() noexcept {
    try {
      resize(std::max<std::size_t>(size_, 1));
    } catch (const std::bad_alloc&) {
      // Cutting is a courtesy: the larger block is as good.
    }
  }
  void resize(std::size_t capacity) {
    void* moved = std::realloc(data_.get(), capacity * sizeof(std::uint32_t));
    if (moved == nullptr) throw std::bad_alloc();
    static_cast<void>(data_.release());
    data_.reset(static_cast<std::uint32_t*>(moved));
    capacity_ = capacity;
  }
  void move_to_huge_pages(std::size_t capacity) {
    const std::size_t bytes =
        (capacity * sizeof(std::uint32_t) + kHugePage - 1) / kHugePage * kHugePage;
    auto* memory = static_cast<std::uint32_t*>(std::aligned_alloc(kHugePage, bytes));
    if (memory == nullptr) throw std::bad_alloc();
    advise_huge_pages(memory, bytes);
    if (size_ != 0) std::memcpy(memory, data_.get(), size_ * sizeof(std::uint32_t));
    data_.reset(memory);
    capacity_ = bytes / sizeof(std::uint32_t);
  }

  std::unique_ptr<std::uint32_t, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Ids as 16-bit numbers, in the memory that they lie in: each is written before or where it was
// read.
inline void narrow_ids(std::uint32_t* ids, std::size_t count) noexcept {
  char* to = reinterpret_cast<char*>(ids);
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<std::uint16_t>(ids[i]);
    std::memcpy(to + i * sizeof id, &id, sizeof id);
  }
}

}  // namespace bpe
