// A text file from front to back, in chunks whose texts can be encoded apart.
//
//    file   | document | separator | document | separator | a long document ...
//    chunk    piece, end             piece, end             (waits for its separator)
//                                                           piece | piece | piece, end
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_reader.h"
#include "base/progress.h"
#include "pretokenizer/pretokenizer.h"
#include "vocab/special_finder.h"

namespace bpe {

// A document, or a part of one between safe cuts.
struct TextPiece {
  std::string_view text;
  bool ends_document;
};

// What one thread encodes at a time. It is reused, so that its memory stays in the cache.
class TextChunk {
 public:
  std::span<const TextPiece> pieces() const noexcept { return pieces_; }
  // Chunks are counted from 0.
  std::size_t number() const noexcept { return number_; }
  // How much of the file was read for it.
  std::size_t num_bytes_read() const noexcept { return num_bytes_read_; }

 private:
  friend class TextFile;

  void clear() noexcept;
  std::span<char> grow(std::size_t extra);
  std::string_view text() const noexcept { return {buffer_.get(), size_}; }

  std::vector<TextPiece> pieces_;
  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0, capacity_ = 0;
  std::size_t number_ = 0, num_bytes_read_ = 0;
};

// How a file becomes documents, and what its pieces must not cut in two.
struct TextFileRules {
  PatternId pattern;
  const SpecialFinder& specials;  // that are recognised in the text
  std::size_t longest_special;    // no shorter than any of them
  std::string separator;          // between documents; empty: the file is one document
};

// Safe to share between threads. Reading is done under a lock: it takes a twentieth of the time of
// encoding. Memory is that of the chunks, which are as long as the longest text without a safe cut.
class TextFile {
 public:
  // Two chunks and their ids should fit into the second-level cache.
  static constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

  // Throws as FileReader. `rules` must outlive it.
  TextFile(std::string path, const TextFileRules& rules, std::size_t chunk_bytes = kChunkBytes);

  std::uint64_t size() const noexcept { return reader_.size(); }
  // About, and at least 1.
  std::uint64_t num_chunks() const noexcept { return size() / chunk_bytes_ + 1; }

  // Fills the chunk with what comes next; false at the end. Throws as FileReader, and Cancelled.
  bool next(TextChunk& chunk, const Progress& progress);

 private:
  bool is_at_end() const noexcept { return offset_ == reader_.size(); }
  void read_more(TextChunk& chunk, std::size_t wanted);
  bool cut(TextChunk& chunk);
  std::size_t add_documents(TextChunk& chunk, std::string_view text) const;
  std::size_t find_last_end(std::string_view text) const;

  const FileReader reader_;
  const TextFileRules& rules_;
  const std::size_t chunk_bytes_;
  std::mutex mutex_;
  std::uint64_t offset_ = 0;  // up to which the file was read
  std::string rest_;          // read, and to be encoded with what follows
  std::size_t num_chunks_ = 0;
  bool is_done_ = false;
};

}  // namespace bpe
