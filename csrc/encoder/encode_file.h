// A text file to ids on the disk, on several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/progress.h"
#include "encoder/encoder.h"
#include "encoder/id_file.h"
#include "encoder/text_file.h"
#include "vocab/special_finder.h"

namespace bpe {

// How much text became ids.
struct EncodedText {
  std::uint64_t num_documents = 0;
  std::uint64_t num_bytes = 0;
};

// Writes the ids of each document of `text`, with `end` behind each if there is one: what
// Encoder::encode gives for it, for any number of threads (at least 1). `specials` are those of the
// rules of `text`. Memory beyond the encoder's: some chunks. Leaves with Cancelled when told to.
EncodedText encode_file(const Encoder& encoder, TextFile& text, const SpecialFinder& specials,
                        std::optional<std::uint32_t> end, IdFile& out, std::size_t num_threads,
                        Progress& progress);

}  // namespace bpe
