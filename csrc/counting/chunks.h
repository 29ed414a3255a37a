// A corpus in chunks that can be counted apart, handed out to any number of threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_reader.h"
#include "counting/cuts.h"

namespace bpe {

// So many bytes are read, counted, and reported as progress at a time. Between 256 KB and 1 MB it
// makes no difference; 4 MB no longer stays in the second-level cache and was up to 24 % slower.
inline constexpr std::size_t kChunkBytes = std::size_t{512} << 10;

// Ordinary text or special tokens, cut where it is safe. Bytes up to `readable_end` may be read.
struct Text {
  std::string_view bytes;
  const char* readable_end;
};

// What one thread works on. It is reused, so that the memory of a file's chunk stays in the cache.
class Chunk {
 public:
  std::span<const Text> texts() const noexcept { return texts_; }
  void clear() noexcept { texts_.clear(); }
  void add(Text text) { texts_.push_back(text); }

  // Makes room for texts of the chunk's own; those that it has are lost.
  void make_room(std::size_t num_bytes, std::size_t num_texts);

  // The place for one of them. There must be room.
  std::span<char> add_own(std::size_t num_bytes);

 private:
  std::vector<Text> texts_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

// Safe to share between threads.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;

  // Fills the chunk with what comes next, about chunk_bytes; false at the end of the corpus.
  virtual bool next(Chunk& chunk) = 0;
};

// Documents in memory. Short ones share a chunk, long ones are cut.
class DocumentChunks final : public ChunkSource {
 public:
  DocumentChunks(std::span<const std::string_view> documents, const CountRules& rules,
                 std::size_t chunk_bytes)
      : documents_(documents), rules_(rules), chunk_bytes_(chunk_bytes) {}

  bool next(Chunk& chunk) override;

 private:
  std::size_t cut_after(std::string_view document, std::size_t wanted) const;

  std::span<const std::string_view> documents_;
  const CountRules& rules_;
  const std::size_t chunk_bytes_;
  std::mutex mutex_;
  std::size_t offset_ = 0;  // where the first of documents_ goes on
};

// Files, each of which is one document. Short ones share a chunk, long ones are cut.
class FileChunks final : public ChunkSource {
 public:
  FileChunks(std::span<const std::string> paths, const CountRules& rules, std::size_t chunk_bytes);

  // Of all files, as far as they are there.
  std::uint64_t num_bytes() const noexcept { return num_bytes_; }

  bool next(Chunk& chunk) override;

 private:
  struct OpenFile {
    explicit OpenFile(const std::string& path) : reader(path), num_unread(reader.size()) {}
    const FileReader reader;
    std::atomic<std::uint64_t> num_unread;
  };
  struct Part {
    std::shared_ptr<OpenFile> file;
    std::uint64_t begin, end;
  };

  std::vector<Part> next_parts();
  std::uint64_t cut_after(std::uint64_t wanted);

  std::span<const std::string> paths_;  // not yet opened
  const CountRules& rules_;
  const std::size_t chunk_bytes_;
  std::uint64_t num_bytes_ = 0;
  std::mutex mutex_;
  std::shared_ptr<OpenFile> file_;  // the one that is being cut, or none
  std::uint64_t offset_ = 0;        // where it goes on
  std::vector<char> window_;        // what a cut is looked for in
};

}  // namespace bpe
