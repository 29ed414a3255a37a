// What other binding files may use of a Codec.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "encoder/encoder.h"
#include "vocab/special_tokens.h"

namespace bpe::bindings {

// The references hold as long as the Codec lives, so keep its handle.
struct CodecParts {
  const Encoder& encoder;
  const SpecialTokens& specials;
  std::uint32_t max_id;
};

// Raises TypeError for anything but a Codec.
CodecParts parts_of(pybind11::handle codec);

}  // namespace bpe::bindings
