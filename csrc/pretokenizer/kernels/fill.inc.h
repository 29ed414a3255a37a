// From the words of one block after the other to the ends of pretokens.

// The end of a text, copied so that whole blocks can be read from it.
template <char kPadding>
class Tail {
 public:
  // For a block at `at` of which the text has fewer than kReach bytes left; the same text every
  // time.
  const char* block_at(std::string_view text, std::size_t at) noexcept {
    if (begin_ == kNone) {
      begin_ = at;
      std::memset(bytes_, kPadding, sizeof bytes_);
      std::memcpy(bytes_, text.data() + at, text.size() - at);
    }
    return bytes_ + (at - begin_);
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  // A block may begin at any byte of the copy, or right behind it.
  char bytes_[(kReach - 1) + kReach];
  std::size_t begin_ = kNone;
};

// Writes the lowest `room` of the starts as ends; returns how many.
inline std::size_t write_some(Bits starts, EndOffset base, EndOffset* out, std::size_t room) {
  std::size_t count = 0;
  for (; starts != 0 && count < room; starts &= starts - 1) out[count++] = base + lowest(starts);
  return count;
}

// Out of line, and with the rules in memory only meanwhile: the loop over ASCII keeps its
// registers.
template <class Rules>
[[gnu::noinline]] bool find_wide_starts(Rules& rules, const Place& place, Bits& starts) noexcept {
  const Block block(place.bytes);
  Classes is(block);
  if constexpr (Rules::kCases) is.upper = block.upper();
  if (!add_wide<Rules::kCases>(is, block, place, rules.wide)) return false;
  return rules.find_starts(is, block, place, starts);
}

// False if the rules do not decide this block; the scalar machine does.
template <class Rules>
inline bool find_starts(Rules& rules, const Place& place, Bits& starts) noexcept {
  const Block block(place.bytes);
  if (block.non_ascii() != 0) {
    Rules copy = rules;
    const bool decided = find_wide_starts(copy, place, starts);
    rules = copy;
    return decided;
  }
  Classes is(block);
  if constexpr (Rules::kCases) is.upper = block.upper();
  return rules.find_starts(is, block, place, starts);
}

// Lets the scalar machine take pretokens from `at` on until one ends at or after `until`, or there
// is no more room; returns where it stopped. A far end is left to a call of its own.
template <class Rules>
[[gnu::noinline]] std::size_t ask_machine(std::string_view text, std::size_t begin, std::size_t at,
                                          std::size_t until, std::span<EndOffset> ends,
                                          std::size_t& count) noexcept {
  while (at < until && at < text.size() && count < ends.size()) {
    const std::size_t end = Rules::scalar_end(text, at);
    if (count != 0 && end - begin >= kFarEnd) break;
    at = end;
    ends[count++] = scalar::end_offset(begin, end);
  }
  return at;
}

template <class Rules>
std::size_t fill(std::string_view text, std::size_t& position, std::span<EndOffset> ends) {
  const std::size_t begin = position;
  if (begin == text.size()) return 0;
  std::size_t count = 0;
  std::size_t at = begin;
  Rules rules;
  Tail<Rules::kPadding> tail;
  Bits wanted = ~Bits{1};  // a pretoken begins at `at`: that is the end of none of this call
  const auto last_end = [&] { return count == 0 ? begin : begin + ends[count - 1]; };

  // With less room than a block may need, go on only for the first pretoken; near the largest
  // offset, begin another call.
  while ((ends.size() - count >= kMaxStepEnds || count == 0) && at - begin < kFarEnd - 64) {
    const std::size_t left = text.size() - at;
    const char* const bytes = left >= kReach ? text.data() + at : tail.block_at(text, at);
    Bits starts;
    if (!find_starts(rules, {bytes, text, at}, starts)) [[unlikely]] {
      const std::size_t from = last_end();
      at = ask_machine<Rules>(text, begin, from, at + 64, ends, count);
      if (at == text.size() || count == ends.size() || at == from) break;
      rules = Rules{};
      wanted = ~Bits{1};
      continue;
    }
    starts &= wanted;
    wanted = ~Bits{0};
    if (left < 64) starts = (starts & below(left)) | Bits{1} << left;
    const auto base = static_cast<EndOffset>(at - begin);
    if (ends.size() - count >= kMaxStepEnds) {
      write_ends(starts, base, ends.data() + count);
      count += static_cast<std::size_t>(std::popcount(starts));
    } else {
      count += write_some(starts, base, ends.data() + count, ends.size() - count);
    }
    if (left < 64) break;
    at += 64;
  }
  if (count == 0) at = ask_machine<Rules>(text, begin, begin, begin + 1, ends, count);
  position = ends[0] == kFarEnd ? at : last_end();
  return count;
}
