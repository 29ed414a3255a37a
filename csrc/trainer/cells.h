// The distinct pretokens as one array of cells, in which merges are made in place.
//
//   bytes      . t h e . a n d .        one cell a byte, one boundary cell between pretokens
//   cells      0 T h T 0 a n d 0        after (t,h) and (th,e) were merged: T = "the"
//
// A token keeps its symbol in its first and its last cell. The next token of the one at p begins at
// p + its length; the one before ends in cell p - 1. The start of a token that was the right part
// of a merge is marked invalid, so an old list of positions can be checked against the cells: (a,
// b) stands at p exactly when cell[p] is a and cell[p + length of a] is b. (A last cell that was
// swallowed keeps its old symbol; nobody lists it as a start, unless its token was one byte long,
// and then the cell has become the last one of a longer token.)
//
// Pretokens are sorted by count, largest first (see count_steps.h). One-byte ones are left out.
// A cell has 16 bits until a symbol needs more. Then a second array appears beside the first, for
// the upper bits, and nothing is copied. Memory: 2 or 4 bytes a cell.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/progress.h"
#include "base/zeroed_array.h"
#include "counting/count_table.h"
#include "counting/counts_file.h"
#include "trainer/count_steps.h"
#include "trainer/symbols.h"

namespace bpe {

using Position = std::uint32_t;

inline constexpr Symbol kMaxNarrowSymbol = 0xFFFF;

// What the cells look like to those who read and write them.
struct NarrowCells {
  using Stored = std::uint16_t;  // wide enough for any symbol in a cell

  Symbol operator[](Position p) const noexcept { return low[p]; }
  bool holds(Position p, Symbol symbol) const noexcept { return low[p] == symbol; }
  void set(Position p, Symbol symbol) const noexcept { low[p] = static_cast<Stored>(symbol); }
  void prefetch(Position p) const noexcept { __builtin_prefetch(low + p, 1); }

  std::uint16_t* low;
};

struct WideCells {
  using Stored = std::uint32_t;

  Symbol operator[](Position p) const noexcept { return low[p] | Symbol{high[p]} << 16; }
  bool holds(Position p, Symbol symbol) const noexcept {
    return low[p] == (symbol & 0xFFFF) && high[p] == symbol >> 16;
  }
  void set(Position p, Symbol symbol) const noexcept {
    low[p] = static_cast<std::uint16_t>(symbol);
    high[p] = static_cast<std::uint16_t>(symbol >> 16);
  }
  void prefetch(Position p) const noexcept {
    __builtin_prefetch(low + p, 1);
    __builtin_prefetch(high + p, 1);
  }

  std::uint16_t* low;
  std::uint16_t* high;
};

class Cells {
 public:
  // Throws bpe::Error(training) when a count or the corpus is too large for us, Cancelled when told
  // to stop. `keep_text` is for callers of text(); it costs one byte a cell. Counts are a
  // CountTable or a CountsFile: what visits all of them, twice in the same order. The threads share
  // the walks over a table.
  template <class Counts>
  Cells(const Counts& counts, const std::array<Symbol, 256>& byte_to_symbol, bool keep_text,
        std::size_t num_threads, Progress& progress);

  Position size() const noexcept { return size_; }
  const CountSteps& steps() const noexcept { return steps_; }

  // The bytes of the token at a position.
  std::string_view text(Position position, std::uint64_t length) const noexcept {
    return {text_.get() + position, static_cast<std::size_t>(length)};
  }

  // The count of the `rank`-th most frequent pretoken (from 1) among those of 2 to `longest` bytes;
  // 0 when there are fewer. O(the cells up to it), whatever has been merged.
  std::uint64_t count_of_rank(std::uint64_t rank, std::uint64_t longest, const Progress& progress);

  bool is_wide() const noexcept { return high_.size() != 0; }
  void widen();

  // Calls visit with a NarrowCells or a WideCells.
  template <class Visit>
  decltype(auto) with_view(Visit&& visit) {
    return is_wide() ? visit(WideCells{low_.data(), high_.data()})
                     : visit(NarrowCells{low_.data()});
  }

 private:
  struct Layout;
  template <class Counts>
  static void measure(const Counts& counts, std::size_t part, std::size_t num_parts, Layout& layout,
                      const Progress& progress);
  template <class Counts>
  void check_size(const Counts& counts, std::span<const Layout> layouts);
  void lay_out(std::span<Layout> layouts);
  template <class Counts>
  void fill(const Counts& counts, std::size_t part, std::size_t num_parts, Layout& layout,
            const std::array<Symbol, 256>& byte_to_symbol, const Progress& progress);

  Position size_ = 0;
  CountSteps steps_;
  ZeroedArray<std::uint16_t> low_;
  ZeroedArray<std::uint16_t> high_;
  std::unique_ptr<char[]> text_;
};

}  // namespace bpe
