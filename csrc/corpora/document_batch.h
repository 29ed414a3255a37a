// Documents on their way from a reader to an engine: views of bytes, and what keeps those alive.
//
//    documents_   |view|view|view| ...
//                    |    |
//                    |    +--> a column of Arrow, a str, a block of a file: owners_ keep them
//                    +-------> buffers_: what is written anew, such as the text in JSON
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "corpora/buffer_pool.h"

namespace bpe {

// Not thread-safe. It only grows, so views that were handed out stay valid as long as it lives.
class DocumentBatch {
 public:
  explicit DocumentBatch(std::shared_ptr<BufferPool> pool) : pool_(std::move(pool)) {}
  ~DocumentBatch() { pool_->give_back(std::move(buffers_)); }
  DocumentBatch(const DocumentBatch&) = delete;
  DocumentBatch& operator=(const DocumentBatch&) = delete;

  std::span<const std::string_view> documents() const noexcept { return documents_; }
  std::uint64_t num_bytes() const noexcept { return num_bytes_; }

  // The bytes must live as long as something that is kept.
  void add(std::string_view document) {
    documents_.push_back(document);
    num_bytes_ += document.size();
  }

  void keep(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }

  // Room for a document of at most so many bytes, to be written, and then added by `add_written`
  // before more room is made.
  char* make_room(std::size_t size);

  void add_written(std::size_t size) {
    add({room_.data(), size});
    room_ = room_.subspan(size);
  }

 private:
  std::vector<std::string_view> documents_;
  std::vector<std::shared_ptr<const void>> owners_;
  std::shared_ptr<BufferPool> pool_;
  std::vector<BufferPool::Buffer> buffers_;
  std::span<char> room_;  // what is free of the last buffer
  std::uint64_t num_bytes_ = 0;
};

struct BytePlace {
  std::size_t document;
  std::size_t offset;
};

// The first byte, from document `first` on, that is no part of well-formed UTF-8.
std::optional<BytePlace> find_invalid_utf8(const DocumentBatch& batch, std::size_t first = 0);

// Cuts `data` after every separator (which must not be empty), leftmost first, and adds the parts:
// with their separator if `keep_separator`, without it otherwise. What follows the last separator
// is not added; returns where it begins.
std::size_t add_separated(DocumentBatch& batch, std::string_view data, std::string_view separator,
                          bool keep_separator);

}  // namespace bpe
