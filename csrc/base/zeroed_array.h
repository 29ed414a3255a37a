// A fixed-size array of zeros, aligned to cache lines, on huge pages where the system offers them.
//
// Random access over many megabytes misses the address translation cache at nearly every step when
// the pages are 4 KB. Huge pages must be asked for before the first touch, so it is done here,
// once.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace bpe {

// Throws std::bad_alloc. `release_zeroed` wants the same number of bytes again.
void* allocate_zeroed(std::size_t bytes);
void release_zeroed(void* memory, std::size_t bytes) noexcept;

// Asks for huge pages under memory that has not been touched yet; it begins at a multiple of 2 MB.
// Only a hint: a system without them refuses, and everything works the same.
void advise_huge_pages(void* memory, std::size_t bytes) noexcept;

// The same bytes with zeros behind them, somewhere else; throws std::bad_alloc and changes nothing.
// On Linux the pages of a big array move, not what is in them.
void* extend_zeroed(void* memory, std::size_t bytes, std::size_t more_bytes);

// What both take at most while the one becomes the other.
std::size_t bytes_to_extend(std::size_t bytes, std::size_t more_bytes) noexcept;

template <class T>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);

 public:
  ZeroedArray() = default;
  explicit ZeroedArray(std::size_t size)
      : size_(size), memory_(static_cast<T*>(allocate_zeroed(size * sizeof(T))), Release{size}) {}

  std::size_t size() const noexcept { return size_; }
  T* data() noexcept { return memory_.get(); }
  const T* data() const noexcept { return memory_.get(); }
  T& operator[](std::size_t index) noexcept { return memory_.get()[index]; }
  const T& operator[](std::size_t index) const noexcept { return memory_.get()[index]; }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + size_; }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size_; }

  // To at least the size it has; what it holds stays, and zeros follow.
  void extend(std::size_t new_size) {
    void* const extended = extend_zeroed(memory_.get(), size_ * sizeof(T), new_size * sizeof(T));
    static_cast<void>(memory_.release());
    memory_ = {static_cast<T*>(extended), Release{new_size}};
    size_ = new_size;
  }

  friend void swap(ZeroedArray& a, ZeroedArray& b) noexcept {
    std::swap(a.size_, b.size_);
    std::swap(a.memory_, b.memory_);
  }
  ZeroedArray(ZeroedArray&& other) noexcept { swap(*this, other); }
  ZeroedArray& operator=(ZeroedArray&& other) noexcept {
    ZeroedArray taken(std::move(other));
    swap(*this, taken);
    return *this;
  }

 private:
  struct Release {
    std::size_t size = 0;
    void operator()(T* memory) const noexcept { release_zeroed(memory, size * sizeof(T)); }
  };

  std::size_t size_ = 0;
  std::unique_ptr<T, Release> memory_;
};

}  // namespace bpe
