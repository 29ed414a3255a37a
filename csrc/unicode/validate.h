// Finding the first byte that is not UTF-8, quickly where the text is ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "unicode/utf8.h"

namespace bpe::unicode {

// The offset of the first byte that is no part of a well-formed sequence, or text.size().
inline std::size_t find_invalid(std::string_view text) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t position = 0;
  while (position < text.size()) {
    std::uint64_t eight;
    if (text.size() - position >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + position, sizeof(eight));
      if ((eight & kHighBits) == 0) {
        position += sizeof(eight);
        continue;
      }
    }
    const Decoded unit = decode(text, position);
    if (unit.code_point == kInvalidByte) return position;
    position += unit.length;
  }
  return position;
}

}  // namespace bpe::unicode
