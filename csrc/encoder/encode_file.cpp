#include "encoder/encode_file.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/threads.h"

namespace bpe {
namespace {

// Encodes the pieces of a chunk, and counts them.
EncodedText encode_pieces(const Encoder& encoder, const TextChunk& chunk, std::uint64_t file_size,
                          const SpecialFinder& specials, std::optional<std::uint32_t> end,
                          IdBuffer& out, const Progress& progress) {
  EncodedText done;
  for (const TextPiece& piece : chunk.pieces()) {
    encoder.encode_chunk(piece.text, static_cast<std::size_t>(file_size), specials, out, progress);
    done.num_bytes += piece.text.size();
    if (!piece.ends_document) continue;
    ++done.num_documents;
    if (end) out.push_back(*end);
  }
  return done;
}

}  // namespace

EncodedText encode_file(const Encoder& encoder, TextFile& text, const SpecialFinder& specials,
                        std::optional<std::uint32_t> end, IdFile& out, std::size_t num_threads,
                        Progress& progress) {
  std::atomic<std::uint64_t> num_documents{0}, num_bytes{0};
  progress.start_phase("encoding", text.size());
  const auto useful =
      static_cast<std::size_t>(std::min<std::uint64_t>(num_threads, text.num_chunks()));
  run_in_threads(useful, progress, [&](std::size_t) {
    TextChunk chunk;
    while (text.next(chunk, progress)) {
      IdBuffer ids = out.take_buffer(chunk.number(), progress);
      const EncodedText done =
          encode_pieces(encoder, chunk, text.size(), specials, end, ids, progress);
      out.put(chunk.number(), std::move(ids));
      num_documents.fetch_add(done.num_documents, std::memory_order_relaxed);
      num_bytes.fetch_add(done.num_bytes, std::memory_order_relaxed);
      progress.advance(chunk.num_bytes_read());
    }
  });
  return {num_documents, num_bytes};
}

}  // namespace bpe
