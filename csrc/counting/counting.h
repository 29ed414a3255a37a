// Counting a corpus by several threads. The result does not depend on their number.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/file_reader.h"
#include "base/progress.h"
#include "counting/chunks.h"
#include "counting/count_table.h"
#include "counting/cuts.h"

namespace bpe {

struct CountOptions {
  std::size_t num_threads = 1;            // at least 1; fewer are used when there is little to do
  std::size_t chunk_bytes = kChunkBytes;  // at least 1
};

// Adds the pretokens of every document. Special tokens cut a document and are not counted. Progress
// is in bytes, phase "counting". After an exception the table holds a part of the corpus.
// Memory: a table per thread.
void count_documents(CountTable& table, std::span<const std::string_view> documents,
                     const CountRules& rules, const CountOptions& options, Progress& progress);

// The same for one file, read as one document; a chunk per thread is in memory, and a pretoken that
// is longer than that. Throws FileError, and Error(corpus) when the file changes meanwhile.
void count_file(CountTable& table, const FileReader& file, const CountRules& rules,
                const CountOptions& options, Progress& progress);

}  // namespace bpe
