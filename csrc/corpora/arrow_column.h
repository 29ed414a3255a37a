// The documents of a column of Arrow (Parquet, pandas, polars, datasets), as views of its buffers.
#pragma once

#include <cstdint>
#include <string_view>

#include "corpora/arrow_abi.h"
#include "corpora/document_batch.h"

namespace bpe::arrow {

// Adds every row of the column `field` of a table, or every element if the array is no table.
// Strings and binaries of every layout are taken (32-bit and 64-bit offsets, views, dictionaries);
// null rows are left out, and their number is returned. Nothing is copied: the array must be kept
// as long as the batch. Throws Error(corpus) for a missing column, naming those there are, for a
// type that is no text, and for offsets that run backwards.
std::uint64_t add_column(DocumentBatch& batch, const Schema& schema, const Array& array,
                         std::string_view field);

}  // namespace bpe::arrow
