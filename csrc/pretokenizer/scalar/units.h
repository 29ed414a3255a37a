// What the scalar machines share: a text seen as classed units, and two rules that all patterns
// have.
//
// A unit is one code point or one invalid byte; positions are byte offsets of unit boundaries.
#pragma once

#include <cstddef>
#include <string_view>

#include "unicode/classes.h"
#include "unicode/utf8.h"

namespace bpe::scalar {

using unicode::ClassSet;
using unicode::CodePointClass;
using unicode::kLetters;
using unicode::kMarks;
using unicode::kNumbers;
using unicode::kWhiteSpace;

struct Unit {
  CodePointClass cls;
  std::size_t length;  // in bytes
};

inline Unit unit_at(std::string_view text, std::size_t position) noexcept {
  const auto [code_point, length] = unicode::decode(text, position);
  if (code_point == unicode::kInvalidByte) return {CodePointClass::other, 1};
  return {unicode::class_of(code_point), length};
}

// False at the end of the text.
inline bool has_class(std::string_view text, std::size_t position, ClassSet set) noexcept {
  return position < text.size() && set.contains(unit_at(text, position).cls);
}

// False at the end of the text.
inline bool has_byte(std::string_view text, std::size_t position, char byte) noexcept {
  return position < text.size() && text[position] == byte;
}

inline bool is_newline(char byte) noexcept { return byte == '\n' || byte == '\r'; }

// Past the units from `position` on whose class is in the set: `[set]*`.
inline std::size_t skip_class(std::string_view text, std::size_t position, ClassSet set) noexcept {
  while (position < text.size()) {
    const Unit unit = unit_at(text, position);
    if (!set.contains(unit.cls)) break;
    position += unit.length;
  }
  return position;
}

// `[\r\n]*`
inline std::size_t skip_newlines(std::string_view text, std::size_t position) noexcept {
  while (position < text.size() && is_newline(text[position])) ++position;
  return position;
}

// A run of white space that begins where a pretoken begins.
struct WhiteSpaceRun {
  std::size_t end;
  std::size_t last;           // where its last unit begins
  std::size_t after_newline;  // past its last \r or \n; 0 if it has none
};

inline WhiteSpaceRun white_space_run(std::string_view text, std::size_t begin) noexcept {
  WhiteSpaceRun run{begin, begin, 0};
  while (run.end < text.size()) {
    const Unit unit = unit_at(text, run.end);
    if (unit.cls != CodePointClass::white_space) break;
    run.last = run.end;
    run.end += unit.length;
    if (is_newline(text[run.last])) run.after_newline = run.end;
  }
  return run;
}

// `\s+(?!\S)|\s`: all of the run at the end of the text, else all but its last unit, so that this
// one can go with what follows; a single unit is a pretoken.
inline std::size_t end_before_last(std::string_view text, std::size_t begin,
                                   const WhiteSpaceRun& run) noexcept {
  return run.end == text.size() || run.last == begin ? run.end : run.last;
}

// `'(?:[sdmt]|ll|ve|re)`, with or without regard to case: its length in bytes, or 0. Ignoring case,
// U+017F (long s, bytes C5 BF) is an s; no other letter has a case partner outside ASCII.
inline std::size_t contraction_length(std::string_view text, std::size_t position,
                                      bool ignore_case) noexcept {
  if (!has_byte(text, position, '\'')) return 0;
  const auto letter = [&](std::size_t i) -> char {
    if (position + i >= text.size()) return '\0';
    const char c = text[position + i];
    return ignore_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  const char second = letter(2);
  switch (letter(1)) {
    case 's':
    case 'd':
    case 'm':
    case 't': return 2;
    case 'l': return second == 'l' ? 3 : 0;
    case 'v':
    case 'r': return second == 'e' ? 3 : 0;
    case '\xC5': return ignore_case && second == '\xBF' ? 3 : 0;
    default: return 0;
  }
}

}  // namespace bpe::scalar
