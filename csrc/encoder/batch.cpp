// Encoding many texts at once.
#include "encoder/batch.h"

#include "encoder/share_work.h"

namespace bpe {

EncodedBatch encode_batch(const Encoder& encoder, std::span<const std::string_view> texts,
                          const SpecialFinder& specials, std::size_t num_threads,
                          const Progress& progress) {
  EncodedBatch batch(texts.size());
  std::size_t num_bytes = 0;
  for (const std::string_view text : texts) num_bytes += text.size();
  batch.buffers_.resize(num_threads);
  share_work(texts.size(), num_threads, [&](std::size_t thread, std::size_t text) {
    IdBuffer& buffer = batch.buffers_[thread];
    const std::size_t begin = buffer.size();
    buffer.expect_text(texts[text].size());
    encoder.encode_chunk(texts[text], num_bytes, specials, buffer, progress);
    batch.places_[text] = {thread, begin, buffer.size() - begin};
  });
  return batch;
}

}  // namespace bpe
