// The bytes of every token, for the tie rules that compare them.
//
// A token made from the corpus is a view of its first occurrence there, so a new token costs O(1)
// however long it is. Initial tokens own their bytes, since they need not occur at all.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/symbols.h"

namespace bpe {

class TokenBytes {
 public:
  TokenBytes() : views_(kFirstByte) {}
  TokenBytes(const TokenBytes&) = delete;
  TokenBytes& operator=(const TokenBytes&) = delete;

  // The view must stay valid as long as this object.
  void add_view(std::string_view bytes) { views_.push_back({prefix_of(bytes), bytes}); }
  void add_copy(std::string bytes) { add_view(owned_.emplace_back(std::move(bytes))); }

  std::string_view operator[](Symbol symbol) const noexcept { return views_[symbol].bytes; }

  // <0, 0 or >0, as unsigned bytes; a prefix comes before what it begins.
  int compare(Symbol a, Symbol b) const noexcept {
    const View& x = views_[a];
    const View& y = views_[b];
    if (x.prefix != y.prefix) return x.prefix < y.prefix ? -1 : 1;
    return x.bytes.compare(y.bytes);
  }

 private:
  // The first eight bytes, zero-padded, most significant first: decides most comparisons alone.
  struct View {
    std::uint64_t prefix = 0;
    std::string_view bytes;
  };

  static std::uint64_t prefix_of(std::string_view bytes) noexcept {
    std::uint64_t prefix = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      prefix = (prefix << 8) | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
    }
    return prefix;
  }

  std::vector<View> views_;
  std::deque<std::string> owned_;
};

}  // namespace bpe
