// Documents on their way from a reader to an engine: views of bytes, and what keeps those alive.
//
//    documents_   |view|view|view|view| ...
//                    |    |      \_________ bytes of a column of Arrow, of a str, of a file's
//                    block: |    |                 nothing is copied, owners_ keeps them |
//                    \________________ text_: what had to be written anew (JSON's escapes)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"

namespace bpe {

// Not thread-safe. It only grows, so views that were handed out stay valid as long as it lives.
class DocumentBatch {
 public:
  std::span<const std::string_view> documents() const noexcept { return documents_; }
  std::uint64_t num_bytes() const noexcept { return num_bytes_; }

  // The bytes must live as long as something that is kept.
  void add(std::string_view document) {
    documents_.push_back(document);
    num_bytes_ += document.size();
  }

  void keep(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }

  // Room for a document of at most so many bytes, to be written and then added.
  char* make_room(std::size_t size) { return text_.allocate(size); }

 private:
  std::vector<std::string_view> documents_;
  std::vector<std::shared_ptr<const void>> owners_;
  Arena text_;
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
