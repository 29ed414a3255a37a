// Merging a long pretoken through windows that overlap: in time O(n), in memory O(1).
//
//   window 1   | t h e | r e | f o r | e s |          tokens, as if there were nothing else
//   window 2                 | f o r | e st | a l l |  begins where one of them begins
//                             ^^^^^^^ both have it: window 1 is right up to here, window 2 from
//                             here
//
// Why that is exact. Two neighbours are called *valid* when the bytes of both, merged alone, give
// just these two. (1) Merging is the repeated choice of the smallest (rank, place), so what happens
// within a stretch that no merge crosses is what happens to this stretch alone: the neighbours in
// the result of a merge are valid. (2) Tokens in a row of which all neighbours are valid are what
// their bytes merge to: the first merge across a boundary would be made for the two neighbours
// alone too. When both windows have the same token at the same place, each two neighbours in the
// row "window 1 before it, it, window 2 behind it" are neighbours in one of the windows. So they
// are valid, and the row is the result. It holds for any ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "encoder/id_buffer.h"
#include "encoder/scan_merger.h"

namespace bpe {

// Not thread-safe; what it is made of must outlive it.
class WindowMerger {
 public:
  WindowMerger(const Vocabulary& vocabulary, ScanMerger& scan)
      : vocabulary_(vocabulary), scan_(scan) {}

  // Appends the ids of `bytes` by merges alone and says true. Says false, with nothing appended,
  // when tokens are as long as windows, or windows share no token, as they may where one choice
  // decides another one far away. Every window ends further on than the one before it, and O(1)
  // windows are tried in vain for each that does.
  bool merge(std::string_view bytes, IdBuffer& out, const Progress& progress);

 private:
  struct Token {
    std::uint32_t id;
    std::size_t begin;  // in the bytes
  };
  // What some stretch of the bytes merges to.
  struct Window {
    std::vector<Token> tokens;
    std::size_t end = 0;
  };

  void fill(Window& window, std::string_view bytes, std::size_t begin);
  bool move_on(std::string_view bytes, IdBuffer& out);
  bool join(std::size_t from, IdBuffer& out);
  bool widen();
  void adapt_width() noexcept;

  const Vocabulary& vocabulary_;
  ScanMerger& scan_;
  Window window_;
  Window next_;
  std::size_t done_ = 0;  // the tokens of window_ that have been appended, or need not be
  std::size_t width_ = 0;
};

}  // namespace bpe
