// Handing out chunks. Only finding the next cut is done under the lock; reading is not.
#include "counting/chunks.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace bpe {
namespace {

// A packed key is loaded as 16 bytes, whatever its length.
constexpr std::size_t kPadding = 16;

// Files of one chunk are open at the same time, and systems allow few hundred.
constexpr std::size_t kMaxFilesOfChunk = 16;

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;  // what is wrong with it is said when it is opened
}

}  // namespace

void Chunk::make_room(std::size_t num_bytes, std::size_t num_texts) {
  clear();
  used_ = 0;
  const std::size_t wanted = num_bytes + num_texts * kPadding;
  if (wanted <= capacity_) return;
  // A chunk is a little longer than asked for: leave room, or every other one would grow.
  buffer_.reset();
  capacity_ = 0;
  buffer_ = std::make_unique_for_overwrite<char[]>(wanted + wanted / 8);
  capacity_ = wanted + wanted / 8;
}

std::span<char> Chunk::add_own(std::size_t num_bytes) {
  char* const begin = buffer_.get() + used_;
  used_ += num_bytes + kPadding;
  // Nobody looks at what stands there, but it should not depend on chance.
  std::fill_n(begin + num_bytes, kPadding, '\0');
  add({{begin, num_bytes}, begin + num_bytes + kPadding});
  return {begin, num_bytes};
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

FileChunks::FileChunks(std::span<const std::string> paths, const CountRules& rules,
                       std::size_t chunk_bytes)
    : paths_(paths), rules_(rules), chunk_bytes_(chunk_bytes) {
  for (const std::string& path : paths) num_bytes_ += size_of(path);
}

bool FileChunks::next(Chunk& chunk) {
  const std::vector<Part> parts = next_parts();
  std::uint64_t num_bytes = 0;
  for (const Part& part : parts) num_bytes += part.end - part.begin;
  chunk.make_room(static_cast<std::size_t>(num_bytes), parts.size());
  for (const auto& [file, begin, end] : parts) {
    file->reader.read(begin, chunk.add_own(static_cast<std::size_t>(end - begin)));
    // Whoever reads the last of a file looks whether it is still what it was.
    if ((file->num_unread -= end - begin) == 0) file->reader.check_unchanged();
  }
  return !parts.empty();
}

std::vector<FileChunks::Part> FileChunks::next_parts() {
  std::vector<Part> parts;
  std::uint64_t free = chunk_bytes_;
  const std::lock_guard lock(mutex_);
  while (free > 0 && parts.size() < kMaxFilesOfChunk && (file_ || !paths_.empty())) {
    if (!file_) {
      file_ = std::make_shared<OpenFile>(paths_.front());
      paths_ = paths_.subspan(1);
      offset_ = 0;
    }
    const std::uint64_t begin = std::exchange(offset_, cut_after(free));
    parts.push_back({file_, begin, offset_});
    free -= std::min(free, offset_ - begin);
    if (offset_ == file_->reader.size()) file_.reset();
  }
  return parts;
}

std::uint64_t FileChunks::cut_after(std::uint64_t wanted) {
  const FileReader& reader = file_->reader;
  if (reader.size() - offset_ <= wanted) return reader.size();
  return find_cut(rules_, reader.size(), offset_ + wanted,
                  [&](std::uint64_t offset, std::size_t size) {
                    window_.resize(size);
                    reader.read(offset, window_);
                    return std::string_view(window_.data(), size);
                  });
}

}  // namespace bpe
