// The class of a code point: what the split patterns ask of Unicode, one lookup in 40 KB.
//
//   code point  0x1F6 42
//                 |    |
//                 |    +------------------------------+
//                 v                                   v
//          kPageOf[4352] --> page number --> kPages[page][256] --> class
//
// Pages that are equal are stored once. tables.cpp is generated (tools/generate_unicode.py), where
// a new class is one more line; the enumerators here stand in the same order.
#pragma once

#include <cstdint>

namespace bpe::unicode {

enum class CodePointClass : std::uint8_t {
  other,            // punctuation, symbols, controls, unassigned, and every invalid byte
  upper,            // Lu
  title,            // Lt
  lower,            // Ll
  modifier_letter,  // Lm
  other_letter,     // Lo
  mark,             // M
  number,           // N
  white_space,      // White_Space, the 25 code points of \s
};

extern const char kVersion[];
extern const std::uint8_t kPageOf[0x110000 / 256];
extern const std::uint8_t kPages[][256];

// `code_point` must be at most 0x10FFFF.
inline CodePointClass class_of(char32_t code_point) noexcept {
  return static_cast<CodePointClass>(kPages[kPageOf[code_point >> 8]][code_point & 0xFF]);
}

// A set of classes: one bit each.
class ClassSet {
 public:
  template <class... Classes>
  explicit constexpr ClassSet(Classes... classes) noexcept : bits_((bit(classes) | ... | 0u)) {}

  constexpr bool contains(CodePointClass c) const noexcept { return (bits_ & bit(c)) != 0; }
  constexpr ClassSet operator|(ClassSet other) const noexcept { return from(bits_ | other.bits_); }
  constexpr ClassSet operator~() const noexcept { return from(~bits_); }

 private:
  static constexpr std::uint32_t bit(CodePointClass c) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(c);
  }
  static constexpr ClassSet from(std::uint32_t bits) noexcept {
    ClassSet set;
    set.bits_ = bits;
    return set;
  }

  std::uint32_t bits_;
};

// \p{L}
inline constexpr ClassSet kLetters{CodePointClass::upper, CodePointClass::title,
                                   CodePointClass::lower, CodePointClass::modifier_letter,
                                   CodePointClass::other_letter};
inline constexpr ClassSet kMarks{CodePointClass::mark};
inline constexpr ClassSet kNumbers{CodePointClass::number};
inline constexpr ClassSet kWhiteSpace{CodePointClass::white_space};

}  // namespace bpe::unicode
