// o200k as algebra over blocks; see block.inc.h for the words.
//
// In a run of a word's characters, U is upper case, l lower case, C neither (a mark is C too).
//
//   lower phase   from an l on, through l and C:  a U there starts a pretoken
//   give-back     C U..U and then no word:        the first of these U starts a pretoken
//
// So `U*l+|U+l*` is a flood, and a look behind runs of U that follow a C outside of the lower
// phase.
struct O200k {
  static constexpr char kPadding = ' ';
  static constexpr bool kCases = true;

  static std::size_t scalar_end(std::string_view text, std::size_t begin) noexcept {
    return scalar::o200k_end(text, begin);
  }

  WideCarry wide;
  WhiteSpace white_space;
  Bits other = 0, own_other = 0, space = 0, leads = 0, lead_symbol = 0, absorbed = 0;
  Bits lower_phase = 0, early_caseless = 0;
  Bits next_group = 0;
  // A suffix that began in the last block: its bytes here, and the bit behind it, if any.
  Bits suffix = 0, suffix_end = 0;

  // `(?i:'s|'t|'re|'ve|'m|'ll|'d)?` after a word. One that begins where another ends is none: there
  // its apostrophe leads a new word.
  struct Suffixes {
    Bits bytes, ends;
  };

  Suffixes find_suffixes(const Classes& is, const Place& place, Bits quotes) noexcept {
    const auto [two, three] = contractions<true>(place, is, quotes);
    const Bits ends = two << 2 | three << 3 | suffix_end;
    if (((two | three) & ends) != 0) [[unlikely]]
      return follow_suffixes(two, three);
    const Bits any = two | three;
    const Suffixes found{any | any << 1 | three << 2 | suffix, ends};
    suffix_end = two >> 62 | three >> 61;
    suffix = suffix_end == 0 ? 0 : suffix_end - 1;
    return found;
  }

  // One after the other, where they touch.
  Suffixes follow_suffixes(Bits two, Bits three) noexcept {
    Suffixes found{suffix, suffix_end};
    Bits last_end = suffix_end;
    suffix = suffix_end = 0;
    for (Bits rest = two | three; rest != 0; rest &= rest - 1) {
      const Bits begin = rest & (~rest + 1);
      if (begin == last_end) continue;
      const unsigned length = (two & begin) != 0 ? 2 : 3;
      last_end = begin << length;
      found.bytes |= last_end - begin;
      found.ends |= last_end;
      if (last_end != 0) continue;
      suffix_end = begin >> (64 - length);
      suffix = suffix_end - 1;
    }
    return found;
  }

  // `[\r\n/]*` after punctuation: through newlines and slashes, from a newline that follows one.
  Bits find_absorbed(const Classes& is, const Block& block) const noexcept {
    const Bits through = is.newlines | block.slashes();
    const Bits seeds = (is.newlines & after(is.other, other)) | (through & absorbed);
    return seeds == 0 ? 0 : flood(seeds, through);
  }

  // Where U after C begins a pretoken: where the run of U ends the word.
  static Bits given_back(const Classes& is, const Place& place, Bits first_upper) noexcept {
    Bits starts = 0;
    for (Bits rest = first_upper; rest != 0; rest &= rest - 1) {
      const unsigned begin = lowest(rest);
      const unsigned end = begin + lowest(~(is.upper >> begin));
      const bool goes_on =
          end < 64 ? (is.letters >> end & 1) != 0
                   : scalar::word_goes_on_after_upper(place.text, place.at + 64 + is.hanging);
      if (!goes_on) starts |= Bits{1} << begin;
    }
    return starts;
  }

  Bits find_word_starts(const Classes& is, const Place& place, Bits all_leads,
                        Bits suffix_bytes) noexcept {
    const Bits lower = is.letters & ~is.upper & ~is.caseless & ~suffix_bytes;
    const Bits in_lower = lower | flood(is.caseless & after(lower, lower_phase), is.caseless);
    const Bits early = is.caseless & ~in_lower;
    Bits starts =
        (is.letters & ~after(all_leads, leads)) | (is.upper & after(in_lower, lower_phase));
    if (const Bits first_upper = is.upper & after(early, early_caseless)) {
      starts |= given_back(is, place, first_upper);
    }
    lower_phase = last_bit(in_lower);
    early_caseless = last_bit(early);
    return starts;
  }

  bool find_starts(const Classes& is, const Block& block, const Place& place,
                   Bits& starts) noexcept {
    if ((is.digits & is.non_ascii) != 0) return false;
    // A mark goes with punctuation or makes a word, as the punctuation before it stands.
    if ((is.marks & after(is.other, other)) != 0) return false;
    const Bits taken = find_absorbed(is, block);
    const Bits own = is.other & ~taken;
    const Bits other_starts = own & ~after(own, own_other) & ~after(is.space, space);
    const Bits lead_symbols = spread(other_starts, lead_symbol, is.inside);
    const Bits all_leads = is.letters | (is.white & ~is.newlines) | lead_symbols;
    Suffixes suffixes{suffix, suffix_end};
    const Bits quotes = block.quotes() & after(is.letters, wide.letters);
    if ((kContractionsAreCheap && is.non_ascii == 0) || (quotes | suffix_end) != 0) {
      suffixes = find_suffixes(is, place, quotes);
    }
    starts = other_starts | find_word_starts(is, place, all_leads, suffixes.bytes) |
             digit_starts<3>(is.digits, wide.digits, next_group) |
             white_space.starts(is, place, taken, false);
    starts = (starts & ~suffixes.bytes) | suffixes.ends;
    wide.keep(is);
    wide.keep_cases(is);
    other = last_bit(is.other);
    own_other = last_bit(own);
    space = last_bit(is.space);
    leads = last_bit(all_leads);
    lead_symbol = last_bit(lead_symbols);
    absorbed = last_bit(taken);
    return true;
  }
};
