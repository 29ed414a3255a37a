// Where a pretoken may be cut in two whatever the order of the merges: at places that no token
// spans.
//
//     ... 世 | 界 ...     no token holds the end of 世 and the beginning of 界 next to each other,
//                       so no merge ever crosses the bar: both sides merge as if they were alone
//
// A symbol that merges make is a token. If no token can lie across a place, given the characters
// around it, then none of the merges does, and the whole pretoken is no token either. A token may
// begin or end inside a character. So what is kept of each token, for each beginning of a character
// inside it, is its *context*: the last character before, as far as it is in the token, and the
// first one behind, likewise. A place between X and Y is spanned if the end of X and the beginning
// of Y are a context.
//
//   flags_     for each character below U+10000: which lengths of its end stand on the left of some
//              context (4 bits), which lengths of its beginning on the right (4 bits)
//   contexts_  a bit for the hash of each context; a collision costs a cut and is no error
//
// Text in scripts without spaces falls into pieces of a character or two, which repeat.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "vocab/token_table.h"

namespace bpe {

// Immutable, safe to share. 200 KB.
class VocabularyCuts {
 public:
  // O(bytes of all tokens): some 5 ms for 200,000 of them.
  explicit VocabularyCuts(const TokenTable& tokens);

  // Calls cut(offset) for every place at which a pretoken may be cut, ascending; looks at
  // `progress` on the way. O(length).
  template <class Cut>
  void for_each_cut(std::string_view pretoken, const Progress& progress, Cut&& cut) const {
    constexpr std::size_t kStepsBetweenChecks = std::size_t{1} << 16;
    std::size_t begin = 0, end = unit_end(pretoken, 0);
    std::uint8_t flags = flags_of(pretoken.substr(0, end));
    for (std::size_t step = 1; end < pretoken.size(); ++step) {
      if (step % kStepsBetweenChecks == 0) progress.check();
      const std::size_t next_end = unit_end(pretoken, end);
      const std::uint8_t next_flags = flags_of(pretoken.substr(end, next_end - end));
      const bool touches = (flags & 0x0F) != 0 && (next_flags >> 4) != 0;
      if (!touches || !is_spanned(pretoken.substr(begin, end - begin), flags & 0x0F,
                                  pretoken.substr(end, next_end - end), next_flags >> 4)) {
        cut(end);
      }
      begin = end, end = next_end, flags = next_flags;
    }
  }

 private:
  static constexpr std::size_t kMaxUnit = 4;
  static constexpr unsigned kContextBits = 20;
  static constexpr unsigned kSideBits = 16;

  static bool continues(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
  }
  // A unit is a byte and what continues it: a character, where the text is well-formed.
  static std::size_t unit_end(std::string_view text, std::size_t begin) noexcept {
    std::size_t end = begin + 1;
    while (end < text.size() && continues(text[end])) ++end;
    return end;
  }
  std::uint8_t flags_of(std::string_view unit) const noexcept {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(unit[i]));
    };
    std::uint32_t point = 0;
    if (unit.size() == 1 && byte(0) < 0x80) {
      point = byte(0);
    } else if (unit.size() == 2 && byte(0) >= 0xC2 && byte(0) < 0xE0) {
      point = (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    } else if (unit.size() == 3 && byte(0) >= 0xE0 && byte(0) < 0xF0) {
      point = (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
      if (point < 0x800) return find_flags(unit);
    } else {
      return find_flags(unit);
    }
    return flags_[point];
  }

  void add_contexts(std::string_view token, std::vector<bool>& ascii_pairs);
  void add_context(std::string_view left, std::string_view right);
  void make_flags();
  std::uint8_t find_flags(std::string_view unit) const noexcept;
  bool is_spanned(std::string_view left, unsigned left_flags, std::string_view right,
                  unsigned right_flags) const noexcept;

  std::vector<bool> lefts_, rights_;     // by hash
  std::vector<std::uint64_t> contexts_;  // by hash, one bit each
  std::vector<std::uint8_t> flags_;
};

// Builds the cuts when somebody first wants them. Safe to share; has no lock, so it is safe to
// fork.
class LazyCuts {
 public:
  explicit LazyCuts(const TokenTable& tokens) : tokens_(tokens) {}
  ~LazyCuts() { delete cuts_.load(); }
  LazyCuts(const LazyCuts&) = delete;
  LazyCuts& operator=(const LazyCuts&) = delete;

  const VocabularyCuts* get_if_built() const noexcept {
    return cuts_.load(std::memory_order_acquire);
  }
  // When two threads build them, one of the two is thrown away.
  const VocabularyCuts* get() const;

 private:
  const TokenTable& tokens_;
  mutable std::atomic<const VocabularyCuts*> cuts_{nullptr};
};

}  // namespace bpe
