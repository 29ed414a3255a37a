// Strings of JSON: find the end of one, and write it without its escapes.
#pragma once

#include <cstddef>
#include <string_view>

namespace bpe {

struct JsonString {
  std::string_view raw;  // between the quotes
  bool has_escapes = false;
};

// Reads the string that begins at `begin`, after its opening quote. Returns its closing quote, or
// nullptr where JSON allows no such string or it is an unusual one: no end, a control character,
// bytes that are not UTF-8, an unknown escape, half of a surrogate pair.
const char* scan_json_string(const char* begin, const char* end, JsonString& string);

// Writes the characters that a scanned string stands for, as UTF-8, and returns their number of
// bytes: never more than the string has.
std::size_t unescape_json_string(std::string_view raw, char* output);

}  // namespace bpe
