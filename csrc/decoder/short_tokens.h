// The bytes of short tokens, sixteen for each id, so that one load and one store decode an id.
//
//   entries_   | t h e r e . . . . . . . . . . 5 |   up to 15 bytes and their number, by id
//   lengths_   5                                     the number alone: a table that stays in the
//                                                    cache while lengths are added up
//
// The number is 0 for longer tokens, and for ids that are none.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "vocab/token_table.h"

namespace bpe {

// Immutable, safe to share.
class ShortTokens {
 public:
  static constexpr std::size_t kEntryBytes = 16;

  // Of ids that are in both tables the first counts. Memory and time are O(number of tokens): ids
  // far beyond that are left out.
  ShortTokens(const TokenTable& ordinary, const TokenTable& special);

  // All ids below this one are here.
  std::size_t size() const noexcept { return lengths_.size(); }
  std::size_t length(std::uint32_t id) const noexcept { return lengths_[id]; }
  // kEntryBytes of them, of which the last is the length.
  const char* entry(std::uint32_t id) const noexcept { return entries_.data() + kEntryBytes * id; }

 private:
  void add(const TokenTable& tokens);

  std::vector<char> entries_;
  std::vector<std::uint8_t> lengths_;
};

// The same, made by the first who needs it. Safe to share; the tables must outlive it.
class LazyShortTokens {
 public:
  LazyShortTokens(const TokenTable& ordinary, const TokenTable& special)
      : ordinary_(ordinary), special_(special) {}
  ~LazyShortTokens() { delete built_.load(); }
  LazyShortTokens(const LazyShortTokens&) = delete;
  LazyShortTokens& operator=(const LazyShortTokens&) = delete;

  const ShortTokens* get() const;
  const ShortTokens* get_if_built() const noexcept {
    return built_.load(std::memory_order_acquire);
  }

 private:
  const TokenTable& ordinary_;
  const TokenTable& special_;
  mutable std::atomic<const ShortTokens*> built_{nullptr};
};

}  // namespace bpe
