// Many texts on several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "encoder/encoder.h"
#include "encoder/id_buffer.h"
#include "vocab/special_finder.h"

namespace bpe {

// The ids of many texts, in few buffers: text i's are part_of(i).
class EncodedBatch {
 public:
  explicit EncodedBatch(std::size_t num_texts) : places_(num_texts) {}

  std::size_t size() const noexcept { return places_.size(); }
  std::span<const std::uint32_t> operator[](std::size_t text) const noexcept {
    const Place& place = places_[text];
    return buffers_[place.buffer].ids().subspan(place.begin, place.count);
  }

 private:
  friend EncodedBatch encode_batch(const Encoder&, std::span<const std::string_view>,
                                   const SpecialFinder&, std::size_t, const Progress&);
  struct Place {
    std::size_t buffer = 0, begin = 0, count = 0;
  };

  std::vector<IdBuffer> buffers_;  // one a thread
  std::vector<Place> places_;
};

// Encodes each text; the threads take the next text from one counter. The result does not depend on
// num_threads (at least 1). When a text fails the others still to come are left, all threads are
// joined, and the failure of the first such text is thrown, its index in the message.
EncodedBatch encode_batch(const Encoder& encoder, std::span<const std::string_view> texts,
                          const SpecialFinder& specials, std::size_t num_threads,
                          const Progress& progress);

}  // namespace bpe
