// What the rules of all patterns share: a block of 64 bytes as one word for each class.
//
// Bit k of a word speaks about byte k. A character of several bytes has its class on all of them,
// so that neighbouring characters are neighbouring bytes. What a block must know about the block
// before it is carried over as one bit for each class, 0 or 1; zeros say "a pretoken begins here".
//
// Included by each kernel inside its target region and namespace, which defines before:
//   class Block   64 bytes: .letters() .digits() .white() .space() .newlines() .quotes() .upper()
//                 .slashes() of ASCII; .non_ascii(); .equal(c), .equal_folded(c): c is a small
//                 letter; .continuations() 80..BF; .at_least(b), for b from 0xC0 on
//   Bits letters_for_sure(bytes, leads, lanes)   those leads that the lanes tell
//   bool classify_leads<kCases>(bytes, leads, is)   adds the leads to the words; false if one leads
//   no
//                 well-formed character; the continuation bytes are known to be there
//   Contractions contraction_endings<ignore_case>(bytes)   bit k: bytes k + 1 and after end a
//   contraction void write_ends(starts, base, out)   base + k for every bit k; may write 64 places

// How many bytes from the start of a block are looked at: two past its end for a contraction, three
// for the rest of a character.
constexpr std::size_t kReach = 64 + 4;

inline Bits below(std::size_t count) noexcept {  // bits 0 to count - 1; count at most 63
  return (Bits{1} << count) - 1;
}

inline unsigned lowest(Bits bits) noexcept { return static_cast<unsigned>(std::countr_zero(bits)); }

// Bit k + 1 for every bit k, with the bit that the block before carries over. A sum, because that
// is one instruction.
inline Bits after(Bits bits, Bits carry) noexcept { return bits + bits + carry; }

inline Bits last_bit(Bits bits) noexcept { return bits >> 63; }

// The runs of `through` that begin at a seed. A seed must be the lowest of its run among the seeds,
// or is itself all that the result has of its part of the run: the carry of the addition does the
// walk.
inline Bits flood(Bits seeds, Bits through) noexcept {
  return (through & ~(through + seeds)) | seeds;
}

// A block, and where it stands in the text. `bytes` is the text itself, or a copy of its end with
// padding behind, and kReach bytes of it may be read.
struct Place {
  const char* bytes;
  std::string_view text;
  std::size_t at;
};

struct Classes {
  Bits letters, digits, white, space, newlines, other;
  // Only these are not spread over the character; zero in a block of ASCII.
  Bits non_ascii = 0;
  Bits inside = 0;       // bytes of a character other than its first
  Bits wide_white = 0;   // first bytes of white space beyond ASCII
  unsigned hanging = 0;  // as many bytes of the last character stand in the next block
  // For patterns that look at cases.
  Bits upper = 0, caseless = 0, marks = 0;

  explicit Classes(const Block& block) noexcept
      : letters(block.letters()),
        digits(block.digits()),
        white(block.white()),
        space(block.space()),
        newlines(block.newlines()),
        other(~(letters | digits | white)) {}
};

// What a block of several-byte characters must know about the block before.
struct WideCarry {
  Bits expected = 0;  // which of the first three bytes go on with a character
  Bits letters = 0, digits = 0, white = 0, upper = 0, caseless = 0;

  void keep(const Classes& is) noexcept {
    letters = last_bit(is.letters);
    digits = last_bit(is.digits);
    white = last_bit(is.white);
  }
  void keep_cases(const Classes& is) noexcept {
    upper = last_bit(is.upper);
    caseless = last_bit(is.caseless);
  }
};

// Which of the next three bytes are continuation bytes: the top bits are 10.
inline Bits continuations_at(const char* bytes) noexcept {
  std::uint32_t word;
  std::memcpy(&word, bytes, 4);
  word &= ~(word << 1);
  return (word >> 7 & 1) | (word >> 14 & 2) | (word >> 21 & 4);
}

// From the first bytes of characters to all of them.
inline Bits spread(Bits leads, Bits carry, Bits inside) noexcept {
  return leads | flood(after(leads, carry) & inside, inside);
}

// Adds the characters beyond ASCII. False if one is not well-formed.
template <bool kCases>
inline bool add_wide(Classes& is, const Block& block, const Place& place,
                     WideCarry& carry) noexcept {
  const LetterLanes& lanes = kCases ? caseless_letter_lanes() : all_letter_lanes();
  is.non_ascii = block.non_ascii();
  is.inside = block.continuations();
  const Bits leads = is.non_ascii & ~is.inside;
  const Bits of_three = block.at_least(0xE0), of_four = block.at_least(0xF0);
  if (is.inside != (leads << 1 | of_three << 2 | of_four << 3 | carry.expected)) return false;
  carry.expected = leads >> 63 | of_three >> 62 | of_four >> 61;
  if ((carry.expected & ~continuations_at(place.bytes + 64)) != 0) return false;
  is.hanging = static_cast<unsigned>(std::popcount(carry.expected));

  const Bits sure = letters_for_sure(place.bytes, leads, lanes);
  Classes wide = is;
  wide.letters = sure;
  wide.digits = wide.white = wide.upper = wide.marks = 0;
  wide.caseless = kCases ? sure : 0;
  if (const Bits rest = leads & ~sure) {
    if (!classify_leads<kCases>(place.bytes, rest, wide)) return false;
  }
  is.wide_white = wide.white;
  is.marks = wide.marks;
  is.letters |= spread(wide.letters, carry.letters, is.inside);
  is.digits |= spread(wide.digits, carry.digits, is.inside);
  is.white |= spread(wide.white, carry.white, is.inside);
  if constexpr (kCases) {
    is.upper |= spread(wide.upper, carry.upper, is.inside);
    is.caseless |= spread(wide.caseless, carry.caseless, is.inside);
  }
  is.other = ~(is.letters | is.digits | is.white);
  return true;
}

// The first bytes of white-space characters that no other follows: the last ones of their runs.
inline Bits last_of_white_runs(const Classes& is, const Place& place) noexcept {
  // White space at the end of the text has no last one: as in the padding, more follows.
  const auto is_white = [&](std::size_t position) {
    return position >= place.text.size() ||
           scalar::has_class(place.text, position, unicode::kWhiteSpace);
  };
  const unsigned next = static_cast<unsigned char>(place.bytes[64]);
  Bits next_white = next == ' ' || next - '\t' < 5;
  if (next >= 0x80 && last_bit(is.white) != 0) next_white = is_white(place.at + 64);
  Bits last = is.white & ~(is.white >> 1 | next_white << 63);
  if ((is.white & is.non_ascii) == 0) return last;
  last &= ~is.non_ascii;
  for (Bits rest = is.wide_white; rest != 0; rest &= rest - 1) {
    const unsigned begin = lowest(rest);
    const unsigned end = begin + (static_cast<unsigned char>(place.bytes[begin]) < 0xE0 ? 2 : 3);
    const bool white_follows = end < 64 ? (is.white >> end & 1) != 0 : is_white(place.at + end);
    if (!white_follows) last |= Bits{1} << begin;
  }
  return last;
}

// The apostrophes in `at` that begin a contraction. Ignoring case, U+017F (long s, bytes C5 BF) is
// an s.
template <bool kIgnoreCase>
inline Contractions contractions(const Place& place, const Classes& is, Bits at) noexcept {
  auto [two, three] = contraction_endings<kIgnoreCase>(place.bytes);
  if constexpr (kIgnoreCase) {
    const auto long_s_at = [&](unsigned position) {
      return place.bytes[position + 1] == '\xC5' && place.bytes[position + 2] == '\xBF';
    };
    for (Bits rest = at & (is.non_ascii >> 1); rest != 0; rest &= rest - 1) {
      if (long_s_at(lowest(rest))) three |= rest & (~rest + 1);
    }
    if (place.bytes[64] == '\xC5' && long_s_at(63)) three |= Bits{1} << 63;
  }
  return {at & two, at & three};
}

// `\p{N}{1,group}` in ASCII: the digits at the start of a run and at every multiple of `group`
// after it. `next_group` is where the run that the last block ended in has its next start, one bit
// of the first three.
template <unsigned group>
inline Bits digit_starts(Bits digits, Bits carry, Bits& next_group) noexcept {
  if constexpr (group == 1) return digits;
  const Bits run_from_0 = digits & ~(digits + 1);
  Bits starts = (digits & ~after(digits, carry)) | (next_group & run_from_0);
  Bits inside = digits;
  Bits in_last_run = ~Bits{0};
  for (unsigned i = 1; i < group; ++i) {
    inside &= digits << i;
    in_last_run &= digits >> i | ~Bits{0} << (64 - i);
  }
  for (Bits next = starts; (next = (next << group) & inside) != 0;) starts |= next;
  next_group = (starts & in_last_run) >> (64 - group);
  return starts;
}
