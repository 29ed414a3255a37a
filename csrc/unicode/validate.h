// Checking UTF-8, quickly: eight bytes at a time of ASCII, a character at a time beyond it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "unicode/utf8.h"

namespace bpe::unicode {

// The length of the character of two or three bytes that a little-endian word begins with; 0 if it
// is no usual one: what may follow the leads E0 and ED is limited, and left to `decode`.
inline std::size_t usual_length(std::uint32_t word) noexcept {
  const std::uint32_t lead = word & 0xFF;
  if ((word & 0xC0C0F0) == 0x8080E0) return lead != 0xE0 && lead != 0xED ? 3 : 0;
  if ((word & 0xC0E0) == 0x80C0) return lead >= 0xC2 ? 2 : 0;
  return 0;
}

// The length of the run of characters beyond ASCII that the text begins with; 0 if it begins with
// none, and 0 if a byte of the run is not UTF-8.
inline std::size_t multibyte_length(std::string_view text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && static_cast<unsigned char>(text[length]) >= 0x80) {
    std::size_t usual = 0;
    if constexpr (std::endian::native == std::endian::little) {
      std::uint32_t word;
      if (text.size() - length >= sizeof(word)) {
        std::memcpy(&word, text.data() + length, sizeof(word));
        usual = usual_length(word);
      }
    }
    if (usual == 0) {
      const Decoded unit = decode(text, length);
      if (unit.code_point == kInvalidByte) return 0;
      usual = unit.length;
    }
    length += usual;
  }
  return length;
}

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
    if (static_cast<unsigned char>(text[position]) < 0x80) {
      ++position;
    } else if (const std::size_t length = multibyte_length(text.substr(position))) {
      position += length;
    } else {
      break;
    }
  }
  // The bad byte is in the run of characters that begins here, if this is not the end.
  while (position < text.size()) {
    const Decoded unit = decode(text, position);
    if (unit.code_point == kInvalidByte) break;
    position += unit.length;
  }
  return position;
}

}  // namespace bpe::unicode
