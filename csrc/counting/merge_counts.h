// Adds up any number of counts files in bounded memory, because all of them are sorted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "counting/counts_file.h"
#include "counting/counts_writer.h"

namespace bpe {

// So many files are open at once; more are merged in several rounds.
inline constexpr std::size_t kMaxOpenFiles = 64;

// Writes the sum of the files to `out`, without the pretokens that occur less than `min_frequency`
// times in all of them together. What the files say they dropped is added up too. Throws
// Error(training) when a sum passes 2^63 - 1. Does not call out.finish(). Progress advances by
// pretokens read. Memory: a block and the longest pretoken a file.
void merge_counts(const std::vector<const CountsFile*>& files, std::uint64_t min_frequency,
                  CountsWriter& out, Progress& progress);

}  // namespace bpe
