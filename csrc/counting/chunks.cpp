// Handing out chunks. Only finding the next cut is done under the lock; reading is not.
#include "counting/chunks.h"

#include <algorithm>

namespace bpe {
namespace {

// A packed key is loaded as 16 bytes, whatever its length.
constexpr std::size_t kPadding = 16;

}  // namespace

std::span<char> Chunk::make_own_text(std::size_t size) {
  if (size + kPadding > capacity_) {
    // A chunk is a little longer than asked for: leave room, or every other one would grow.
    const std::size_t capacity = size + size / 8 + kPadding;
    buffer_.reset();
    buffer_ = std::make_unique<char[]>(capacity);
    capacity_ = capacity;
  }
  texts_.assign(1, {{buffer_.get(), size}, buffer_.get() + size + kPadding});
  return {buffer_.get(), size};
}

bool DocumentChunks::next(Chunk& chunk) {
  chunk.clear();
  std::size_t free = chunk_bytes_;
  const std::lock_guard lock(mutex_);
  while (!documents_.empty() && free > 0) {
    const std::string_view document = documents_.front();
    const std::size_t end = cut_after(document, free);
    chunk.add({document.substr(offset_, end - offset_), document.data() + document.size()});
    free -= std::min(free, end - offset_);
    offset_ = end;
    if (end == document.size()) {
      documents_ = documents_.subspan(1);
      offset_ = 0;
    }
  }
  return !chunk.texts().empty();
}

std::size_t DocumentChunks::cut_after(std::string_view document, std::size_t wanted) const {
  if (document.size() - offset_ <= wanted) return document.size();
  return find_cut(
      rules_, document.size(), offset_ + wanted,
      [&](std::uint64_t offset, std::size_t size) { return document.substr(offset, size); });
}

bool FileChunks::next(Chunk& chunk) {
  std::unique_lock lock(mutex_);
  const std::uint64_t begin = offset_;
  if (begin == file_.size()) return false;
  offset_ = cut_after(begin);
  const std::uint64_t end = offset_;
  lock.unlock();
  file_.read(begin, chunk.make_own_text(static_cast<std::size_t>(end - begin)));
  return true;
}

std::uint64_t FileChunks::cut_after(std::uint64_t begin) {
  if (file_.size() - begin <= chunk_bytes_) return file_.size();
  return find_cut(rules_, file_.size(), begin + chunk_bytes_,
                  [&](std::uint64_t offset, std::size_t size) {
                    window_.resize(size);
                    file_.read(offset, window_);
                    return std::string_view(window_.data(), size);
                  });
}

}  // namespace bpe
