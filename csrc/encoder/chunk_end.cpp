#include "encoder/chunk_end.h"

#include <algorithm>

namespace bpe {

std::size_t find_chunk_end(PatternId pattern, std::string_view text,
                           std::span<const SpecialMatch> matches, std::size_t near) {
  const auto next =
      std::partition_point(matches.begin(), matches.end(),
                           [&](const SpecialMatch& match) { return match.begin < near; });
  const std::size_t begin = next == matches.begin() ? 0 : (next - 1)->begin + (next - 1)->length;
  const std::size_t end = next == matches.end() ? text.size() : next->begin;
  if (near < begin) return end;  // inside of a special token
  return begin + find_safe_cut(pattern, text.substr(begin, end - begin), near - begin);
}

}  // namespace bpe
