// Where chunks end, who encodes them, and how their ids come together.
#include "encoder/parallel.h"

#include <algorithm>
#include <vector>

#include "encoder/chunk_end.h"
#include "encoder/share_work.h"

namespace bpe {
namespace {

// So many that a slow one at the end keeps nobody waiting for long.
constexpr std::size_t kChunksPerThread = 8;
constexpr std::size_t kMinChunk = std::size_t{1} << 17;

std::vector<std::string_view> chunks_of(PatternId pattern, std::string_view text,
                                        const SpecialFinder& specials, std::size_t num_threads) {
  const std::vector<SpecialMatch> matches = specials.find_all(text);
  const std::size_t size = std::max(kMinChunk, text.size() / (kChunksPerThread * num_threads));
  std::vector<std::string_view> chunks;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t left = text.size() - begin;
    const std::size_t end =
        left <= size ? text.size() : find_chunk_end(pattern, text, matches, begin + size);
    chunks.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return chunks;
}

}  // namespace

IdBuffer encode_in_parallel(const Encoder& encoder, std::string_view text,
                            const SpecialFinder& specials, std::size_t num_threads,
                            const Progress& progress) {
  IdBuffer whole;
  if (num_threads == 1 || text.size() < 2 * kMinChunk) {
    encoder.encode(text, specials, whole, progress);
    return whole;
  }
  struct Part {
    std::size_t thread = 0, from = 0, count = 0, to = 0;
  };
  const auto chunks = chunks_of(encoder.pattern(), text, specials, num_threads);
  std::vector<Part> parts(chunks.size());
  std::vector<IdBuffer> buffers(num_threads);
  share_work(chunks.size(), num_threads, [&](std::size_t thread, std::size_t i) {
    IdBuffer& buffer = buffers[thread];
    if (buffer.size() == 0) buffer.expect_text(text.size() / num_threads);
    const std::size_t from = buffer.size();
    encoder.encode_chunk(chunks[i], text.size(), specials, buffer, progress);
    parts[i] = {thread, from, buffer.size() - from, 0};
  });
  std::size_t total = 0;
  for (Part& part : parts) {
    part.to = total;
    total += part.count;
  }
  whole.reserve_more(total);
  whole.set_size(total);
  share_work(parts.size(), num_threads, [&](std::size_t, std::size_t i) {
    const Part& part = parts[i];
    const auto ids = buffers[part.thread].ids().subspan(part.from, part.count);
    std::copy(ids.begin(), ids.end(), whole.data() + part.to);
  });
  return whole;
}

}  // namespace bpe
