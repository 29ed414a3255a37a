// Classifying characters beyond ASCII one after the other, through the class table.

// The class of the character at `bytes`, whose continuation bytes are there. False if the lead byte
// and the others do not go together (overlong, surrogate, above U+10FFFF).
inline bool class_at(const char* bytes, unicode::CodePointClass& cls) noexcept {
  std::uint32_t word;
  std::memcpy(&word, bytes, 4);
  const std::uint32_t lead = word & 0xFF;
  const std::uint32_t second = word >> 8 & 0x3F, third = word >> 16 & 0x3F,
                      fourth = word >> 24 & 0x3F;
  std::uint32_t code_point;
  if (lead < 0xE0) {
    code_point = (lead & 0x1F) << 6 | second;
    if (code_point < 0x80) return false;
  } else if (lead < 0xF0) {
    code_point = (lead & 0x0F) << 12 | second << 6 | third;
    if (code_point < 0x800 || code_point >> 11 == 0xD800 >> 11) return false;
  } else {
    code_point = (lead & 0x0F) << 18 | second << 12 | third << 6 | fourth;
    if (code_point - 0x10000 >= 0x100000) return false;
  }
  cls = unicode::class_of(code_point);
  return true;
}

template <bool kCases, class Words>
inline bool classify_leads(const char* bytes, Bits leads, Words& is) noexcept {
  for (; leads != 0; leads &= leads - 1) {
    const unsigned position = static_cast<unsigned>(std::countr_zero(leads));
    unicode::CodePointClass cls;
    if (!class_at(bytes + position, cls)) return false;
    const unsigned traits = kTraits[static_cast<unsigned>(cls)];
    const auto bit = [&](unsigned trait) { return Bits{(traits & trait) != 0} << position; };
    is.letters |= bit(kCases ? kLetter | kMark : kLetter);
    is.digits |= bit(kNumber);
    is.white |= bit(kWhite);
    if constexpr (kCases) {
      is.upper |= bit(kUpper);
      is.caseless |= bit(kCaseless | kMark);
      is.marks |= bit(kMark);
    }
  }
  return true;
}
