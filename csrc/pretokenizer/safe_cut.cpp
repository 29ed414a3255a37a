// Where a text may be cut in two. The decision needs two units: x before the cut and y after it.
//
// A cut is safe when, whatever stands further left or right,
//   (1) a pretoken of the whole text ends between x and y. What follows then splits alike, because
//       no pattern looks behind the start of a pretoken;
//   (2) the pretokens before it do not notice that y is gone: no white-space run reaches the cut
//       (`(?!\S)`, `\s++$`), except one that ends in a newline which ends a pretoken anyway, and no
//       contraction hangs over it;
//   (3) x and y are decoded alike on their own: the cut is a unit boundary, and y is complete.
//
// So we only cut where x is not white space and the run of its class ends, or (not in gpt2) after a
// newline. Inside a run of letters or digits, or before white space that follows white space, the
// answer would hang on bytes far away. By class of x and y (a dot is a safe cut):
//
//                gpt2: y =  L  N  P  s     cl100k: L  N  P  s  nl    o200k: L,M  N  P  s  nl
//   x = L letter            -  .  .  .             -  .  .  .  .             -   .  1  .  .
//   x = N number            .  -  .  .             .  -  .  .  .             .   -  .  .  .
//   x = P other             2  .  -  .             -  .  -  .  -             -   .  -  .  -
//   x = M mark (o200k)                                                       -   .  -  .  -
//   x = nl \r or \n         -  -  -  -             .  .  .  -  -             .   .  3  -  -
//   x = other white space   -  -  -  -             -  -  -  -  -             -   -  -  -  -
//
//   1  unless y is an apostrophe: a contraction may belong to the word
//   2  unless x is an apostrophe: it may begin a contraction
//   3  unless y is a slash: `[\r\n/]*` takes it after punctuation
//
// With superwords, moreover, x or y must be no part of a word, nor y the lead of one: x is a number
// or a newline, or y is a number.
#include "pretokenizer/pretokenizer.h"
#include "pretokenizer/scalar/units.h"

namespace bpe {
namespace {

using namespace scalar;

// What the table above distinguishes. The pattern decides whether a mark is `other`.
enum class Side { letter, number, other, mark, newline, space };

struct Neighbour {
  Side side;
  char byte;  // its first byte; tells ASCII characters apart
};

Neighbour neighbour_at(std::string_view text, std::size_t position) {
  const char byte = text[position];
  const CodePointClass cls = unit_at(text, position).cls;
  if (kLetters.contains(cls)) return {Side::letter, byte};
  if (kNumbers.contains(cls)) return {Side::number, byte};
  if (kMarks.contains(cls)) return {Side::mark, byte};
  if (!kWhiteSpace.contains(cls)) return {Side::other, byte};
  return {is_newline(byte) ? Side::newline : Side::space, byte};
}

bool is_white_space(Neighbour unit) {
  return unit.side == Side::newline || unit.side == Side::space;
}

Neighbour without_marks(Neighbour unit) {
  return unit.side == Side::mark ? Neighbour{Side::other, unit.byte} : unit;
}

bool gpt2_ends_between(Neighbour x, Neighbour y) {
  if (is_white_space(x) || x.side == y.side) return false;
  return !(x.byte == '\'' && y.side == Side::letter);
}

bool cl100k_ends_between(Neighbour x, Neighbour y) {
  if (x.side == Side::newline) return !is_white_space(y);
  if (x.side == Side::space || x.side == y.side) return false;
  if (x.side == Side::other) return y.side == Side::number || y.side == Side::space;
  return true;
}

bool o200k_ends_between(Neighbour x, Neighbour y) {
  if (x.side == Side::newline) return !is_white_space(y) && y.byte != '/';
  if (x.side == Side::space || x.side == y.side) return false;
  if (x.side == Side::other || x.side == Side::mark) {
    return y.side == Side::number || y.side == Side::space;
  }
  if (x.side == Side::number) return true;
  return y.side != Side::mark && y.byte != '\'';
}

bool may_join(Neighbour x, Neighbour y) {
  return x.side != Side::number && x.side != Side::newline && y.side != Side::number;
}

bool ends_between(PatternId pattern, Neighbour x, Neighbour y) {
  if (joins_words(pattern) && may_join(x, y)) return false;
  switch (words_of(pattern)) {
    case PatternId::whole: return false;
    case PatternId::gpt2: return gpt2_ends_between(without_marks(x), without_marks(y));
    case PatternId::o200k: return o200k_ends_between(x, y);
    case PatternId::cl100k:
    case PatternId::llama3:
    case PatternId::qwen2:
    case PatternId::nanochat: return cl100k_ends_between(without_marks(x), without_marks(y));
  }
  return false;
}

std::size_t first_boundary(std::string_view text, std::size_t near) {
  while (near < text.size() && !unicode::is_unit_boundary(text, near)) ++near;
  return near;
}

}  // namespace

std::size_t find_safe_cut(PatternId pattern, std::string_view text, std::size_t near) {
  if (pattern == PatternId::whole || near >= text.size()) return text.size();
  std::size_t cut = first_boundary(text, near == 0 ? 1 : near);
  if (cut == text.size()) return cut;
  Neighbour before = neighbour_at(text, unicode::previous_unit(text, cut));
  while (cut < text.size() && !unicode::is_cut_short(text, cut)) {
    const Neighbour after = neighbour_at(text, cut);
    if (ends_between(pattern, before, after)) return cut;
    before = after;
    cut += unit_at(text, cut).length;
  }
  return text.size();
}

}  // namespace bpe
