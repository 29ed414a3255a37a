// A growing array of ids that is not cleared first and may be written past its end, within reserve.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace bpe {

// Not thread-safe. Growth doubles, so appending is O(1) amortised; large buffers are moved by the
// kernel, not copied (realloc).
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

  void grow(std::size_t extra) {
    constexpr std::size_t kSmallest = 64;
    const std::size_t capacity = std::max({2 * capacity_, size_ + extra, kSmallest});
    if (capacity > SIZE_MAX / sizeof(std::uint32_t)) throw std::bad_alloc();
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

  std::unique_ptr<std::uint32_t, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace bpe
