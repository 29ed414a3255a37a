// A counts file into a table.
#pragma once

#include "base/progress.h"
#include "counting/count_table.h"
#include "counting/counts_file.h"

namespace bpe {

// Adds the pretokens that occur at least `min_frequency` times in the file. Throws what
// CountTable::add and CountsCursor throw; the table then holds a part of the file.
void add_counts(CountTable& table, const CountsFile& file, std::uint64_t min_frequency,
                Progress& progress);

}  // namespace bpe
