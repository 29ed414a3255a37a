// JSON lines: the text of one field of each line, without a JSON library and without a tree.
//
// The reader here is strict and knows the usual: one object a line, nested to a modest depth, the
// field in it once, a string. Whatever else a line may be, right or wrong, it stops there and says
// where; Python's `json` decides, so that there is one definition of what such a line means.
#pragma once

#include <cstddef>
#include <string_view>

#include "corpora/document_batch.h"

namespace bpe {

struct JsonLinesStop {
  std::size_t offset;     // where the first unusual line begins, or data.size()
  std::size_t num_lines;  // before that, blank ones included
};

// Adds the field's text of every line from `offset` on, which must begin a line. Blank lines have
// none. The last line ends with the data, which need not be kept. Linear in the data; no recursion.
JsonLinesStop add_json_lines(DocumentBatch& batch, std::string_view data, std::size_t offset,
                             std::string_view field);

}  // namespace bpe
