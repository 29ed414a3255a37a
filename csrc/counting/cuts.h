// Where a document may be cut so that its parts can be counted apart.
//
// A cut must change no pretoken, and must not fall into a special token. Special tokens are found
// from left to right, so a cut is only taken where *no* occurrence of one hangs over it, chosen or
// not: then the search on the right of the cut finds what the search in the whole document finds.
// The beginning of a special token is a cut too, under the same condition.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "pretokenizer/pretokenizer.h"
#include "vocab/special_finder.h"

namespace bpe {

// What a document is cut by: a split pattern and the special tokens, which are not counted.
struct CountRules {
  PatternId pattern;
  SpecialFinder special_tokens;
  std::size_t longest_special;

  // The special tokens must not be empty. Throws Error(special_token) when one is.
  CountRules(PatternId pattern, const std::vector<std::string_view>& special_tokens);
};

// The first place at or after `near` (not 0) at which `view` may be cut, or nullopt. `view` is a
// window into a document: it begins at least `cut_context(rules)` before `near`, or where the
// document begins, and `is_end` says whether it reaches the end of the document.
std::optional<std::size_t> find_cut_in_view(const CountRules& rules, std::string_view view,
                                            std::size_t near, bool is_end);

// How many bytes on each side of a cut decide whether it is one.
std::size_t cut_context(const CountRules& rules);

// The first cut at or after `near` (not 0), or `size`, the end of the document. `read_view(offset,
// length)` returns that part of the document; it is asked for a few kilobytes at a time, so memory
// stays bounded even where there is no cut for a long time.
template <class ReadView>
std::uint64_t find_cut(const CountRules& rules, std::uint64_t size, std::uint64_t near,
                       ReadView&& read_view) {
  const std::uint64_t context = cut_context(rules);
  const std::uint64_t window = std::max<std::uint64_t>(4096, 4 * context);
  while (near < size) {
    const std::uint64_t begin = near - std::min(near, context);
    const std::uint64_t end = std::min(size, begin + window);
    const std::string_view view = read_view(begin, static_cast<std::size_t>(end - begin));
    const auto cut =
        find_cut_in_view(rules, view, static_cast<std::size_t>(near - begin), end == size);
    if (cut) return begin + *cut;
    if (end == size) break;
    // The last bytes were judged without all that follows them: once more, with it.
    near = end - context;
  }
  return size;
}

}  // namespace bpe
