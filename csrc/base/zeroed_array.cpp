// Where the zeros come from: the C library for small arrays, aligned anonymous mappings for big
// ones.
#include "base/zeroed_array.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace bpe {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kHugeFrom = 2 * kHugePage;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

void* allocate_small(std::size_t bytes) {
  const std::size_t rounded = round_up(bytes == 0 ? 1 : bytes, kAlignment);
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return std::memset(memory, 0, rounded);
}

#ifdef __linux__

// Maps one huge page more than needed and gives the unaligned ends back.
void* allocate_huge(std::size_t bytes) {
  const std::size_t wanted = round_up(bytes, kHugePage);
  const std::size_t mapped = wanted + kHugePage;
  void* const start =
      mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  const std::size_t before = round_up(address, kHugePage) - address;
  char* const aligned = static_cast<char*>(start) + before;
  if (before != 0) munmap(start, before);
  if (before != kHugePage) munmap(aligned + wanted, kHugePage - before);
  advise_huge_pages(aligned, wanted);
  return aligned;
}

bool moves_pages(std::size_t bytes, std::size_t more_bytes) noexcept {
  return bytes >= kHugeFrom && more_bytes >= bytes;
}

// Both are aligned to huge pages, so whole tables of pages change hands. False if the system
// refuses.
bool move_pages(void* from, void* to, std::size_t bytes) noexcept {
  const std::size_t size = round_up(bytes, kHugePage);
  return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
}

#else

bool moves_pages(std::size_t, std::size_t) noexcept { return false; }
bool move_pages(void*, void*, std::size_t) noexcept { return false; }

#endif

}  // namespace

void advise_huge_pages(void* memory, std::size_t bytes) noexcept {
#ifdef __linux__
  static_cast<void>(madvise(memory, bytes, MADV_HUGEPAGE));
#else
  static_cast<void>(memory);
  static_cast<void>(bytes);
#endif
}

void* allocate_zeroed(std::size_t bytes) {
  if (bytes > SIZE_MAX / 4) throw std::bad_alloc();
#ifdef __linux__
  if (bytes >= kHugeFrom) return allocate_huge(bytes);
#endif
  return allocate_small(bytes);
}

void release_zeroed(void* memory, std::size_t bytes) noexcept {
#ifdef __linux__
  if (bytes >= kHugeFrom) {
    munmap(memory, round_up(bytes, kHugePage));
    return;
  }
#else
  static_cast<void>(bytes);
#endif
  std::free(memory);
}

void* extend_zeroed(void* memory, std::size_t bytes, std::size_t more_bytes) {
  void* const extended = allocate_zeroed(more_bytes);
  if (moves_pages(bytes, more_bytes) && move_pages(memory, extended, bytes)) return extended;
  if (bytes != 0) std::memcpy(extended, memory, bytes);
  release_zeroed(memory, bytes);
  return extended;
}

std::size_t bytes_to_extend(std::size_t bytes, std::size_t more_bytes) noexcept {
  return moves_pages(bytes, more_bytes) ? more_bytes : bytes + more_bytes;
}

}  // namespace bpe
