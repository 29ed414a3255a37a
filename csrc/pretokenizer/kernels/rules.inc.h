// gpt2 and the cl100k family as algebra over blocks; see block.inc.h for the words.
//
//   byte    0         1         2
//           the cat's out,  dog(s)..
//   starts  s  s  s s   ss  s  ss..      gpt2; the last two dots hang on the bytes to the right
//
// A rules object walks over one block after the other. It is made where a pretoken begins, and
// since no pattern looks behind that, it can be made anew anywhere else where one begins.

struct Gpt2 {
  static constexpr char kPadding = ' ';
  static constexpr bool kCases = false;

  static std::size_t scalar_end(std::string_view text, std::size_t begin) noexcept {
    return scalar::gpt2_end(text, begin);
  }

  WideCarry wide;
  Bits other = 0, space = 0;
  Bits dropped = 0, added = 0;  // what contractions at the end of the last block change

  bool find_starts(const Classes& is, const Block& block, const Place& place,
                   Bits& starts) noexcept {
    const Bits change = (is.letters & ~after(is.letters, wide.letters)) |
                        (is.digits & ~after(is.digits, wide.digits)) |
                        (is.other & ~after(is.other, other));
    starts = (change & ~after(is.space, space)) | (is.white & ~after(is.white, wide.white)) |
             last_of_white_runs(is, place);
    starts = (starts & ~dropped) | added;
    dropped = added = 0;
    const Bits quotes = block.quotes() & starts;
    if ((kContractionsAreCheap && is.non_ascii == 0) || quotes != 0) {
      const auto [two, three] = contractions<false>(place, is, quotes);
      starts = (starts & ~((two | three) << 1)) | two << 2 | three << 3;
      dropped = last_bit(two | three);
      added = two >> 62 | three >> 61;
    }
    wide.keep(is);
    other = last_bit(is.other);
    space = last_bit(is.space);
    return true;
  }
};

// Whether the blanks from `position` on run up to a newline. `at_end` is the answer at the end of
// the text.
inline bool newline_follows(std::string_view text, std::size_t position, bool at_end) noexcept {
  while (position < text.size()) {
    if (scalar::is_newline(text[position])) return true;
    const scalar::Unit unit = scalar::unit_at(text, position);
    if (unit.cls != unicode::CodePointClass::white_space) return false;
    position += unit.length;
  }
  return at_end;
}

// `\s*[\r\n]|\s+(?!\S)|\s`, where `absorbed` newlines belong to the punctuation before them.
struct WhiteSpace {
  Bits white = 0, newline = 0;  // both without what is absorbed

  // `at_end`: white space that ends the text is one pretoken, as if a newline followed.
  Bits starts(const Classes& is, const Place& place, Bits absorbed, bool at_end) noexcept {
    const Bits own = is.white & ~absorbed;
    const Bits blank = is.white & ~is.newlines;
    const Bits own_newlines = is.newlines & ~absorbed;
    const Bits first_blanks = blank & after(own_newlines, newline);
    Bits starts = (own & ~after(own, white)) | (blank & last_of_white_runs(is, place));
    if (first_blanks != 0) starts |= after_newlines(is, place, blank, first_blanks, at_end);
    white = last_bit(own);
    newline = last_bit(own_newlines);
    return starts;
  }

  // Blanks after a newline start a pretoken unless they run up to another newline. Adding the first
  // bit of a run of blanks to it gives the bit behind the run.
  static Bits after_newlines(const Classes& is, const Place& place, Bits blank, Bits first_blanks,
                             bool at_end) noexcept {
    const Bits sum = blank + first_blanks;
    if ((sum & is.newlines) == 0 && sum >= blank) [[likely]]
      return first_blanks;
    for (Bits rest = first_blanks; rest != 0; rest &= rest - 1) {
      const unsigned begin = lowest(rest);
      const unsigned end = begin + lowest(~(blank >> begin));
      const bool joins = end < 64 ? (is.newlines >> end & 1) != 0
                                  : newline_follows(place.text, place.at + 64 + is.hanging, at_end);
      if (joins) first_blanks &= ~(Bits{1} << begin);
    }
    return first_blanks;
  }
};

template <const scalar::Cl100kRules& rules>
struct Cl100k {
  // What ends the text is like what ends in a newline, or like what goes on with blanks.
  static constexpr char kPadding = rules.keeps_trailing_space ? '\n' : ' ';
  static constexpr bool kCases = false;

  static std::size_t scalar_end(std::string_view text, std::size_t begin) noexcept {
    return scalar::cl100k_end(text, begin, rules);
  }

  WideCarry wide;
  WhiteSpace white_space;
  Bits other = 0, space = 0, leads = 0, lead_symbol = 0, absorbed = 0;
  Bits next_group = 0;
  Bits added = 0;  // what a contraction at the end of the last block adds

  bool find_starts(const Classes& is, const Block& block, const Place& place,
                   Bits& starts) noexcept {
    // Groups of digits are counted in characters.
    if ((is.digits & is.non_ascii) != 0) return false;
    const Bits after_other = after(is.other, other);
    const Bits other_starts = is.other & ~after_other & ~after(is.space, space);
    const Bits lead_symbols = spread(other_starts, lead_symbol, is.inside);
    const Bits all_leads = is.letters | (is.white & ~is.newlines) | lead_symbols;
    const Bits taken = flood(is.newlines & (after_other | absorbed), is.newlines);
    starts = other_starts | (is.letters & ~after(all_leads, leads)) |
             digit_starts<rules.max_digits>(is.digits, wide.digits, next_group) |
             white_space.starts(is, place, taken, rules.keeps_trailing_space) | added;
    added = 0;
    const Bits quotes = block.quotes() & other_starts;
    if ((kContractionsAreCheap && is.non_ascii == 0) || quotes != 0) {
      const auto [two, three] = contractions<true>(place, is, quotes);
      starts |= two << 2 | three << 3;
      added = two >> 62 | three >> 61;
    }
    wide.keep(is);
    other = last_bit(is.other);
    space = last_bit(is.space);
    leads = last_bit(all_leads);
    lead_symbol = last_bit(lead_symbols);
    absorbed = last_bit(taken);
    return true;
  }
};
