// The lanes are derived from the Unicode tables, so that a new version needs no change here.
#include "pretokenizer/kernels/letter_lanes.h"

#include <cstddef>

namespace bpe {
namespace {

using unicode::ClassSet;
using unicode::CodePointClass;

constexpr unsigned kFirstLead = 0xC2, kFirstLeadOf3 = 0xE0, kFirstLeadOf4 = 0xF0;
constexpr unsigned kRow = 64;  // as many characters differ in one continuation byte

// Latin, Arabic, kana, Han and Hangul: leads that are frequent, and whose characters are not alike.
constexpr std::array<std::uint8_t, 7> kMixedLeads = {0xC3, 0xD8, 0xD9, 0xE3, 0xE4, 0xEA, 0xED};
constexpr std::uint8_t kAlways = 0x80;

// Whether all characters that begin with these two bytes are in the set. Surrogates and overlong
// forms are in none.
bool all_in(ClassSet wanted, unsigned lead, unsigned second) {
  if (lead < kFirstLeadOf3) {
    return wanted.contains(unicode::class_of((lead & 0x1F) * kRow + second % kRow));
  }
  const char32_t first = ((lead & 0x0F) * kRow + second % kRow) * kRow;
  if (first < 0x800) return false;
  for (char32_t code_point = first; code_point < first + kRow; ++code_point) {
    if (!wanted.contains(unicode::class_of(code_point))) return false;
  }
  return true;
}

bool all_in(ClassSet wanted, unsigned lead) {
  for (unsigned second = 0x80; second < 0xC0; ++second) {
    if (!all_in(wanted, lead, second)) return false;
  }
  return true;
}

}  // namespace

LetterLanes::LetterLanes(ClassSet wanted) noexcept {
  second.fill(kAlways);
  for (unsigned lead = kFirstLead; lead < kFirstLeadOf4; ++lead) {
    if (!all_in(wanted, lead)) continue;
    select[lead % kRow] = kAlways;
    const auto bit = static_cast<std::uint8_t>(1u << ((lead >> 4) & 3));
    low[lead & 15] |= bit;
    high[lead >> 4] = bit;
  }
  for (std::size_t i = 0; i < kMixedLeads.size(); ++i) {
    const auto bit = static_cast<std::uint8_t>(1u << i);
    if (select[kMixedLeads[i] % kRow] == 0) select[kMixedLeads[i] % kRow] = bit;
    for (unsigned next = 0x80; next < 0xC0; ++next) {
      if (all_in(wanted, kMixedLeads[i], next)) second[next % kRow] |= bit;
    }
  }
}

const LetterLanes& all_letter_lanes() noexcept {
  static const LetterLanes lanes(unicode::kLetters);
  return lanes;
}

const LetterLanes& caseless_letter_lanes() noexcept {
  static const LetterLanes lanes(
      ClassSet{CodePointClass::modifier_letter, CodePointClass::other_letter});
  return lanes;
}

}  // namespace bpe
