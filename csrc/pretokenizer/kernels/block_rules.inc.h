// The patterns as algebra over 64 bytes: bit k of a word speaks about byte k of the block.
//
// Included by each kernel inside its target region and namespace, which defines before:
//   class Block                the bytes; .equal(c), .between(a, b), .letters(), .non_ascii()
//   void write_ends(starts, base, out)   base + k for every bit k, may write 64 places
//
// A block begins where a pretoken begins, so nothing before it matters and there are no carries:
// shifting in zeros says "bit 0 is a start". What we look for are the starts after it. A start is
// used only if it is certain: every byte that it depends on is in the block, and ASCII. From the
// last certain start the next block begins; if there is none, the scalar machine takes one
// pretoken. So a kernel never decides what it does not know, and the scalar machine is the truth.
//
//   byte    0         1         2
//           the cat's out,  dog(s)..
//   starts  s  s  s s   ss  s  ss..      gpt2; the last two dots hang on bytes to the right

using Bits = std::uint64_t;

inline Bits below(unsigned count) noexcept {  // bits 0 to count - 1; count at most 63
  return (Bits{1} << count) - 1;
}

inline unsigned lowest(Bits bits) noexcept { return static_cast<unsigned>(std::countr_zero(bits)); }

// How many bytes of the block are text and ASCII, from the first on.
inline unsigned known_bytes(const Block& block, std::size_t available) noexcept {
  const unsigned ascii = lowest(block.non_ascii());  // 64 if all are
  return available < ascii ? static_cast<unsigned>(available) : ascii;
}

// The parts of a block that all patterns ask for.
struct Classes {
  Bits letters, digits, space, newlines, white, other;

  explicit Classes(const Block& block) noexcept
      : letters(block.letters()),
        digits(block.between('0', '9')),
        space(block.equal(' ')),
        newlines(block.equal('\n') | block.equal('\r')),
        white(block.between('\t', '\r') | space),
        other(~(letters | digits | white)) {}
};

// Where one of the marks of a contraction stands right after an apostrophe in `at`.
struct Contractions {
  Bits two, three;  // the apostrophes of contractions of two and of three bytes
};

inline Contractions contractions(const Block& block, Bits at, bool ignore_case) noexcept {
  const auto is = [&](char c) {
    Bits bits = block.equal(c);
    if (ignore_case) bits |= block.equal(static_cast<char>(c - ('a' - 'A')));
    return bits;
  };
  const Bits l = is('l'), e = is('e');
  const Bits one = is('s') | is('d') | is('m') | is('t');
  const Bits pair = ((l >> 1) & (l >> 2)) | (((is('v') | is('r')) >> 1) & (e >> 2));
  return {at & (one >> 1), at & pair};
}

struct Gpt2 {
  static std::size_t scalar_end(std::string_view text, std::size_t begin) noexcept {
    return scalar::gpt2_end(text, begin);
  }

  static Bits certain_starts(const Block& block, std::size_t available) noexcept {
    const unsigned known = known_bytes(block, available);
    if (known < 3) return 0;
    const Classes is(block);
    const Bits change = (is.letters & ~(is.letters << 1)) | (is.digits & ~(is.digits << 1)) |
                        (is.other & ~(is.other << 1));
    Bits starts = (change & ~(is.space << 1)) | (is.white & ~((is.white << 1) & (is.white >> 1)));
    if (const Bits quotes = block.equal('\'') & starts) {
      const auto [two, three] = contractions(block, quotes, false);
      starts = (starts & ~((two | three) << 1)) | two << 2 | three << 3;
    }
    // A start depends on one byte after it: the white space that follows, or the end of 'll.
    return starts & below(known - 1) & ~Bits{1};
  }
};

// `\p{N}{1,group}`: the digits at the start of a run and at every multiple of `group` after it.
template <unsigned group>
inline Bits digit_starts(Bits digits) noexcept {
  if constexpr (group == 1) return digits;
  Bits inside = digits;
  for (unsigned i = 1; i < group; ++i) inside &= digits << i;
  Bits starts = digits & ~(digits << 1);
  for (Bits next = starts; (next = (next << group) & inside) != 0;) starts |= next;
  return starts;
}

// `\s*[\r\n]|\s+(?!\S)|\s`, where `absorbed` newlines belong to the punctuation before them.
// Lowers `certain` to the first start that hangs on bytes after the known ones.
inline Bits white_space_starts(const Classes& is, Bits absorbed, unsigned known,
                               unsigned& certain) noexcept {
  const Bits white = is.white & ~absorbed;
  const Bits blank = is.white & ~is.newlines;
  Bits starts = (white & ~(white << 1)) | (blank & ~(is.white >> 1));
  Bits after_newline = blank & ((is.newlines & ~absorbed) << 1);
  // Blanks after a newline start a pretoken unless they run up to another newline.
  for (; after_newline != 0; after_newline &= after_newline - 1) {
    const unsigned begin = lowest(after_newline);
    const unsigned end = begin + lowest(~(blank >> begin));
    if (end >= known) {
      certain = begin < certain ? begin : certain;
      break;
    }
    starts |= (~is.newlines >> end & 1) << begin;
  }
  return starts;
}

template <const scalar::Cl100kRules& rules>
struct Cl100k {
  static std::size_t scalar_end(std::string_view text, std::size_t begin) noexcept {
    return scalar::cl100k_end(text, begin, rules);
  }

  static Bits certain_starts(const Block& block, std::size_t available) noexcept {
    const unsigned known = known_bytes(block, available);
    if (known < 3) return 0;
    const Classes is(block);
    unsigned certain = known - 1;  // white space depends on one byte after it
    const Bits other_starts = is.other & ~(is.other << 1) & ~(is.space << 1);
    const Bits leads = is.letters | (is.white & ~is.newlines) | other_starts;
    const Bits after_other = is.newlines & (is.other << 1);
    // The carry of the addition runs through each run of newlines that follows punctuation.
    const Bits absorbed = is.newlines & ~(is.newlines + after_other);
    Bits starts = other_starts | (is.letters & ~(leads << 1)) |
                  digit_starts<rules.max_digits>(is.digits) |
                  white_space_starts(is, absorbed, known, certain);
    if (const Bits quotes = block.equal('\'') & other_starts) {
      const auto [two, three] = contractions(block, quotes, true);
      starts |= two << 2 | three << 3;
    }
    return starts & below(certain) & ~Bits{1};
  }
};

struct O200k {
  static std::size_t scalar_end(std::string_view text, std::size_t begin) noexcept {
    return scalar::o200k_end(text, begin);
  }

  // `[\r\n/]*` after punctuation: what follows, through newlines and slashes, a newline that
  // follows punctuation.
  static Bits absorbed(const Block& block, const Classes& is) noexcept {
    Bits flood = is.newlines & (is.other << 1);
    if (flood == 0) return 0;
    Bits through = is.newlines | block.equal('/');
    for (unsigned step = 1; step < 64; step *= 2) {
      flood |= through & (flood << step);
      through &= through << step;
    }
    return flood;
  }

  // `(?i:'s|'t|'re|'ve|'m|'ll|'d)?` after a word. One that begins where another ends is none: there
  // its apostrophe leads a new word.
  static Bits with_suffixes(const Block& block, Bits starts, Bits quotes) noexcept {
    const auto [two, three] = contractions(block, quotes, true);
    unsigned previous_end = 64;
    for (Bits rest = two | three; rest != 0; rest &= rest - 1) {
      const unsigned begin = lowest(rest);
      if (begin == previous_end) continue;
      const unsigned length = (two >> begin & 1) != 0 ? 2 : 3;
      previous_end = begin + length;
      starts &= ~(below(length) << begin);
      if (previous_end < 64) starts |= Bits{1} << previous_end;
    }
    return starts;
  }

  static Bits certain_starts(const Block& block, std::size_t available) noexcept {
    const unsigned known = known_bytes(block, available);
    if (known < 4) return 0;
    const Classes is(block);
    unsigned certain = known - 2;  // an apostrophe depends on two bytes after it
    const Bits taken = absorbed(block, is);
    const Bits other = is.other & ~taken;
    const Bits other_starts = other & ~(other << 1) & ~(is.space << 1);
    const Bits leads = is.letters | (is.white & ~is.newlines) | other_starts;
    const Bits upper = block.between('A', 'Z');
    const Bits word_starts = (is.letters & ~(leads << 1)) | (upper & ((is.letters & ~upper) << 1));
    Bits starts = other_starts | word_starts | digit_starts<3>(is.digits) |
                  white_space_starts(is, taken, known, certain);
    if (const Bits quotes = block.equal('\'') & (is.letters << 1)) {
      starts = with_suffixes(block, starts, quotes);
    }
    return starts & below(certain) & ~Bits{1};
  }
};

// Writes the lowest `room` of the starts as ends; returns how many.
inline std::size_t write_some(Bits starts, EndOffset base, EndOffset* out, std::size_t room) {
  std::size_t count = 0;
  for (; starts != 0 && count < room; starts &= starts - 1) out[count++] = base + lowest(starts);
  return count;
}

template <class Rules>
std::size_t fill(std::string_view text, std::size_t& position, std::span<EndOffset> ends) {
  const std::size_t begin = position;
  std::size_t count = 0;
  std::size_t at = position;
  // A block's offsets all fit, or no block is begun.
  while (count < ends.size() && at < text.size() && at - begin < kFarEnd - 64) {
    const std::size_t available = text.size() - at;
    const Block block =
        available >= 64 ? Block(text.data() + at) : Block(text.data() + at, available);
    const Bits starts = Rules::certain_starts(block, available);
    if (starts == 0) {
      const std::size_t end = Rules::scalar_end(text, at);
      if (count != 0 && end - begin >= kFarEnd) break;
      at = end;
      ends[count++] = scalar::end_offset(begin, at);
      continue;
    }
    if (ends.size() - count >= 64) {
      write_ends(starts, static_cast<EndOffset>(at - begin), ends.data() + count);
      count += static_cast<std::size_t>(std::popcount(starts));
    } else {
      count += write_some(starts, static_cast<EndOffset>(at - begin), ends.data() + count,
                          ends.size() - count);
    }
    at = begin + ends[count - 1];
  }
  position = at;
  return count;
}
