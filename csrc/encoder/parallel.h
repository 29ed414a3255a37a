// One text on several threads.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/progress.h"
#include "encoder/encoder.h"
#include "encoder/id_buffer.h"
#include "vocab/special_finder.h"

namespace bpe {

// The ids that Encoder::encode appends, for any number of threads (at least 1): the text is shared
// out in chunks that end where no pretoken and no special token can stand across. A text without
// such places is encoded by one thread. Time and memory as Encoder::encode; the ids are held twice
// for the time of a copy.
IdBuffer encode_in_parallel(const Encoder& encoder, std::string_view text,
                            const SpecialFinder& specials, std::size_t num_threads,
                            const Progress& progress);

}  // namespace bpe
