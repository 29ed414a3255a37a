// Reading a chunk, finding the documents in it, and the cut where the last of them goes on.
#include "encoder/text_file.h"

#include <algorithm>
#include <utility>

#include "encoder/chunk_end.h"

namespace bpe {
namespace {

// How far from the end of a chunk a cut is looked for first: usually there is one every few words.
constexpr std::size_t kFirstBack = 256;

}  // namespace

void TextChunk::clear() noexcept {
  pieces_.clear();
  size_ = num_bytes_read_ = 0;
}

std::span<char> TextChunk::grow(std::size_t extra) {
  if (size_ + extra > capacity_) {
    const std::size_t capacity = std::max(size_ + extra, capacity_ + capacity_ / 2);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(buffer_.get(), size_, larger.get());
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  size_ += extra;
  return {buffer_.get() + size_ - extra, extra};
}

TextFile::TextFile(std::string path, const TextFileRules& rules, std::size_t chunk_bytes)
    : reader_(std::move(path)), rules_(rules), chunk_bytes_(chunk_bytes) {}

bool TextFile::next(TextChunk& chunk, const Progress& progress) {
  const std::lock_guard lock(mutex_);
  chunk.clear();
  if (is_done_) return false;
  std::ranges::copy(rest_, chunk.grow(rest_.size()).begin());
  read_more(chunk, chunk_bytes_);
  while (!cut(chunk)) {  // one endless word: look again when there is twice as much
    progress.check();
    read_more(chunk, chunk.size_);
  }
  chunk.number_ = num_chunks_++;
  return true;
}

void TextFile::read_more(TextChunk& chunk, std::size_t wanted) {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(wanted, reader_.size() - offset_));
  reader_.read(offset_, chunk.grow(size));
  offset_ += size;
  chunk.num_bytes_read_ += size;
  if (is_at_end()) reader_.check_unchanged();
}

// Finds the pieces of a chunk, and keeps what must wait; false if it is all.
bool TextFile::cut(TextChunk& chunk) {
  const std::string_view text = chunk.text();
  chunk.pieces_.clear();
  std::size_t end = add_documents(chunk, text);
  if (is_at_end()) {
    if (end < text.size() || rules_.separator.empty())
      chunk.pieces_.push_back({text.substr(end), true});
    end = text.size();
    is_done_ = true;
  } else if (end == 0) {
    end = find_last_end(text);
    if (end == 0) return false;
    chunk.pieces_.push_back({text.substr(0, end), false});
  }
  rest_ = text.substr(end);
  return true;
}

// Adds the documents that are complete; returns where the next begins.
std::size_t TextFile::add_documents(TextChunk& chunk, std::string_view text) const {
  const std::string& separator = rules_.separator;
  std::size_t begin = 0;
  if (separator.empty()) return begin;
  for (std::size_t end; (end = text.find(separator, begin)) != std::string_view::npos;) {
    chunk.pieces_.push_back({text.substr(begin, end - begin), true});
    begin = end + separator.size();
  }
  return begin;
}

// The last place, or nearly, at which the text can be cut whatever follows it; 0 if there is none.
//
// A special token that begins within `longest_special` of the end may be longer than it seems, so
// no cut is sure behind that; nor is one into which a separator may reach that ends later.
std::size_t TextFile::find_last_end(std::string_view text) const {
  const std::size_t unsure = std::max(rules_.longest_special, rules_.separator.size());
  if (text.size() <= unsure) return 0;
  const std::size_t last = text.size() - unsure;
  const std::vector<SpecialMatch> matches = rules_.specials.find_all(text);
  for (std::size_t back = kFirstBack;; back *= 4) {
    const std::size_t near = last > back ? last - back : 1;
    const std::size_t end = find_chunk_end(rules_.pattern, text, matches, near);
    if (end <= last && end < text.size()) return end;
    if (near == 1) return 0;
  }
}

}  // namespace bpe
