// Superwords: the scanner of a pattern with every run of words made one pretoken.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "pretokenizer/pretokenizer.h"

namespace bpe {

// A FillFunction's work for the superwords of the pattern that `fill_words` is for: joins the
// neighbouring words it finds. O(size of the text) over all calls, since what one call has looked
// at in vain is looked at by the next one only.
std::size_t fill_superwords(FillFunction fill_words, bool marks_are_words, std::string_view text,
                            std::size_t& position, std::span<EndOffset> ends);

}  // namespace bpe
