// Eight bytes at a time as long as nothing in them matters; most of a text is like that.
#include "corpora/json_string.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "unicode/validate.h"

namespace bpe {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x80 * kOnes;

// The high bit of every byte of `eight` below `limit` (at most 0x80), and perhaps of bytes above
// one that is: the lowest bit set is right, and so is whether any is.
constexpr std::uint64_t bytes_below(std::uint64_t eight, std::uint64_t limit) {
  return (eight - kOnes * limit) & ~eight & kHighBits;
}

// The same for a quote, a backslash, a control character, and all that is not ASCII.
constexpr std::uint64_t special_bytes(std::uint64_t eight) {
  return (eight & kHighBits) | bytes_below(eight, 0x20) | bytes_below(eight ^ (kOnes * '"'), 1) |
         bytes_below(eight ^ (kOnes * '\\'), 1);
}

bool is_special(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
}

const char* skip_ordinary(const char* next, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - next >= 8) {
      std::uint64_t eight;
      std::memcpy(&eight, next, sizeof(eight));
      if (const std::uint64_t special = special_bytes(eight)) {
        return next + std::countr_zero(special) / 8;
      }
      next += sizeof(eight);
    }
  }
  while (next != end && !is_special(*next)) ++next;
  return next;
}

// The number that four hexadecimal digits mean, or -1.
int hex4(const char* digits) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = digits[i];
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return value;
}

bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The length of the escape at `next` (its backslash), 0 if it is none that is usual.
std::size_t escape_length(const char* next, const char* end) {
  if (end - next < 2) return 0;
  if (next[1] != 'u') {
    return next[1] != '\0' && std::strchr("\"\\/bfnrt", next[1]) != nullptr ? 2 : 0;
  }
  if (end - next < 6) return 0;
  const int unit = hex4(next + 2);
  if (unit < 0 || is_low_surrogate(unit)) return 0;
  if (!is_high_surrogate(unit)) return 6;
  const bool is_pair =
      end - next >= 12 && next[6] == '\\' && next[7] == 'u' && is_low_surrogate(hex4(next + 8));
  return is_pair ? 12 : 0;
}

char simple_escape(char letter) {
  switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter;
  }
}

char* write_utf8(char32_t code_point, char* output) {
  const auto put = [&](char32_t byte) { *output++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
  return output;
}

}  // namespace

const char* scan_json_string(const char* begin, const char* end, JsonString& string) {
  string.has_escapes = false;
  const char* next = begin;
  while ((next = skip_ordinary(next, end)) != end) {
    if (*next == '"') {
      string.raw = {begin, static_cast<std::size_t>(next - begin)};
      return next;
    }
    std::size_t length = 0;
    if (*next == '\\') {
      length = escape_length(next, end);
      string.has_escapes = true;
    } else {
      length = unicode::multibyte_length({next, static_cast<std::size_t>(end - next)});
    }
    if (length == 0) return nullptr;
    next += length;
  }
  return nullptr;
}

std::size_t unescape_json_string(std::string_view raw, char* output) {
  char* const start = output;
  while (!raw.empty()) {
    const std::size_t backslash = std::min(raw.find('\\'), raw.size());
    std::memcpy(output, raw.data(), backslash);
    output += backslash;
    raw.remove_prefix(backslash);
    if (raw.empty()) break;
    if (raw[1] != 'u') {
      *output++ = simple_escape(raw[1]);
      raw.remove_prefix(2);
      continue;
    }
    auto code_point = static_cast<char32_t>(hex4(raw.data() + 2));
    std::size_t length = 6;
    if (is_high_surrogate(static_cast<int>(code_point))) {
      const auto low = static_cast<char32_t>(hex4(raw.data() + 8));
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      length = 12;
    }
    output = write_utf8(code_point, output);
    raw.remove_prefix(length);
  }
  return static_cast<std::size_t>(output - start);
}

}  // namespace bpe
