// Strict UTF-8: one code point, or one invalid byte, at a time.
//
// What is accepted is exactly Unicode's table of well-formed sequences (no overlong form, no
// surrogate, nothing above U+10FFFF); what is not is consumed byte by byte. That is the reading of
// Python's decode("utf-8", "surrogateescape").
#pragma once

#include <cstddef>
#include <string_view>

namespace bpe::unicode {

// Stands for a byte that is no part of a well-formed sequence.
inline constexpr char32_t kInvalidByte = 0xFFFFFFFF;

struct Decoded {
  char32_t code_point;  // or kInvalidByte
  std::size_t length;   // in bytes; 1 for an invalid byte
};

namespace detail {

inline unsigned byte_at(std::string_view text, std::size_t position) noexcept {
  return static_cast<unsigned char>(text[position]);
}

inline bool is_continuation(unsigned byte) noexcept { return (byte & 0xC0) == 0x80; }

// Only the second byte of a sequence has limits that depend on the lead.
inline bool second_byte_fits(unsigned lead, unsigned second) noexcept {
  switch (lead) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;  // else overlong
    case 0xED: return second >= 0x80 && second <= 0x9F;  // else a surrogate
    case 0xF0: return second >= 0x90 && second <= 0xBF;  // else overlong
    case 0xF4: return second >= 0x80 && second <= 0x8F;  // else above U+10FFFF
    default: return is_continuation(second);
  }
}

// The length that the lead byte announces; 0 for a byte that leads nothing.
inline std::size_t announced_length(unsigned lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

}  // namespace detail

// Decodes at `position`, which must be inside the text. Reads nothing past the end of the text.
inline Decoded decode(std::string_view text, std::size_t position) noexcept {
  using namespace detail;
  const unsigned lead = byte_at(text, position);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = announced_length(lead);
  const Decoded invalid{kInvalidByte, 1};
  if (length == 0 || text.size() - position < length) return invalid;
  if (!second_byte_fits(lead, byte_at(text, position + 1))) return invalid;
  char32_t code_point = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned byte = byte_at(text, position + i);
    if (!is_continuation(byte)) return invalid;
    code_point = code_point << 6 | (byte & 0x3F);
  }
  return {code_point, length};
}

// Whether the text ends at or after `position` in the middle of a sequence that starts there and
// could still become well-formed if more bytes followed.
inline bool is_cut_short(std::string_view text, std::size_t position) noexcept {
  using namespace detail;
  const unsigned lead = byte_at(text, position);
  const std::size_t available = text.size() - position;
  if (available >= announced_length(lead)) return false;
  if (available >= 2 && !second_byte_fits(lead, byte_at(text, position + 1))) return false;
  return available < 3 || is_continuation(byte_at(text, position + 2));
}

// The start of the unit that ends at `end` (1..text.size()), which must be a unit boundary.
inline std::size_t previous_unit(std::string_view text, std::size_t end) noexcept {
  for (std::size_t length = 2; length <= 4 && length <= end; ++length) {
    const Decoded unit = decode(text.substr(0, end), end - length);
    if (unit.length == length) return end - length;
  }
  return end - 1;
}

// Whether no well-formed sequence has bytes on both sides of `position` (0..text.size()). A lead
// byte is never inside another sequence, so looking at the three bytes before is enough.
inline bool is_unit_boundary(std::string_view text, std::size_t position) noexcept {
  if (position == text.size()) return true;
  if (!detail::is_continuation(detail::byte_at(text, position))) return true;
  for (std::size_t back = 1; back <= 3 && back <= position; ++back) {
    if (decode(text, position - back).length > back) return false;
  }
  return true;
}

}  // namespace bpe::unicode
