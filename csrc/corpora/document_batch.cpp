#include "corpora/document_batch.h"

#include <cstring>

#include "unicode/validate.h"

namespace bpe {
namespace {

// memmem of the systems is quadratic on some of them; this is memchr for the usual single byte.
std::size_t find_separator(std::string_view data, std::string_view separator, std::size_t from) {
  if (separator.size() > 1) return data.find(separator, from);
  const void* const found = std::memchr(data.data() + from, separator[0], data.size() - from);
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - data.data());
}

}  // namespace

char* DocumentBatch::make_room(std::size_t size) {
  if (size > BufferPool::kBufferBytes) {
    // A giant has memory of its own, and what is left of the last buffer is given up.
    const std::shared_ptr<char[]> own(new char[size]);
    keep(own);
    room_ = {own.get(), size};
  } else if (size > room_.size()) {
    buffers_.push_back(pool_->take());
    room_ = {buffers_.back().get(), BufferPool::kBufferBytes};
  }
  return room_.data();
}

std::optional<BytePlace> find_invalid_utf8(const DocumentBatch& batch, std::size_t first) {
  const std::span<const std::string_view> documents = batch.documents();
  for (std::size_t index = first; index < documents.size(); ++index) {
    const std::size_t offset = unicode::find_invalid(documents[index]);
    if (offset != documents[index].size()) return BytePlace{index, offset};
  }
  return std::nullopt;
}

std::size_t add_separated(DocumentBatch& batch, std::string_view data, std::string_view separator,
                          bool keep_separator) {
  std::size_t begin = 0;
  while (begin < data.size()) {
    const std::size_t end = find_separator(data, separator, begin);
    if (end == std::string_view::npos) break;
    batch.add(data.substr(begin, end - begin + (keep_separator ? separator.size() : 0)));
    begin = end + separator.size();
  }
  return begin;
}

}  // namespace bpe
