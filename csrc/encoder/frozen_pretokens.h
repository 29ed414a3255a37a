// Pretokens with their ids, made once and never changed: what texts have in common.
//
//   header    | magic, version, sizes | content hash of the tokenizer | checksum |     64 bytes
//   records   | length : 8, number of ids : 8 | bytes, filled up to a whole word | ids ... |
//             one after the other, the most frequent first; then zeros up to a whole cache line
//
// There is no address and no hash in an image, so it can lie in a file that processes map and
// share. A memo that expects a text takes over as many records from the front as such a text has
// words: reading them in a row costs a tenth of a look-up in a table of them, which is a tenth of
// merging.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bpe {

using ContentHash = std::array<std::uint8_t, 32>;

// Little-endian, as everything in an image.
struct FrozenHeader {
  std::array<char, 8> magic;
  std::uint32_t version, num_pretokens;
  std::uint64_t num_words;
  ContentHash content_hash;
  std::uint64_t checksum;  // of all other bytes
};
static_assert(sizeof(FrozenHeader) == 64);

// Longer pretokens hardly repeat.
inline constexpr std::size_t kMaxFrozenBytes = 128;

struct FrozenPretoken {
  std::string_view pretoken;
  std::span<const std::uint32_t> ids;
};

// A view of an image, which must outlive it and not change. Immutable, safe to share.
class FrozenPretokens {
 public:
  // O(size): everything is checked, so that no reader can leave the image. Throws Error(format) for
  // what is no image, of another version, or damaged, saying which of them.
  explicit FrozenPretokens(std::span<const std::byte> image);

  std::size_t size() const noexcept { return num_pretokens_; }
  // Of the tokenizer whose ids these are.
  const ContentHash& content_hash() const noexcept { return content_hash_; }

  // Walks over the pretokens from the most frequent on. 16 bytes can be read from the beginning of
  // each.
  class Reader {
   public:
    Reader() = default;
    explicit Reader(const FrozenPretokens& frozen) noexcept : next_(frozen.words_.data()) {}
    // To be called size() times at most.
    FrozenPretoken read() noexcept;

   private:
    const std::uint32_t* next_ = nullptr;
  };

 private:
  void check_records() const;

  std::span<const std::uint32_t> words_;
  std::size_t num_pretokens_ = 0;
  ContentHash content_hash_{};
};

// Makes an image. Not thread-safe.
class FrozenWriter {
 public:
  // Adds a pretoken of 1 to kMaxFrozenBytes bytes; one that stands there twice counts once.
  void add(std::string_view pretoken, std::span<const std::uint32_t> ids);

  // The image in 8-byte words. The writer is empty afterwards.
  std::vector<std::uint64_t> finish(const ContentHash& content_hash);

 private:
  std::vector<std::uint32_t> words_;
  std::uint32_t num_pretokens_ = 0;
};

}  // namespace bpe
