// Ids on their way to a file: chunks are encoded in any order, and lie there in theirs.
//
//   waiting_    | chunk 7 | chunk 8 | (9 is being encoded) | chunk 10 | ...
//                    |         |
//                    +---------+--> each to its place, as soon as all chunks before it are counted
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/file_writer.h"
#include "base/progress.h"
#include "encoder/id_buffer.h"

namespace bpe {

// Safe to share between threads. Holds at most kMaxWaiting buffers of ids and one for each thread.
class IdFile {
 public:
  // Writes ids of 16 or 32 bits to `writer`, which must outlive it, from `offset` on.
  IdFile(const FileWriter& writer, std::uint64_t offset, bool is_uint16)
      : writer_(writer), offset_(offset), flushed_(offset), is_uint16_(is_uint16) {}

  // Waits until the chunk is not too far ahead of the others, and returns an empty buffer for it.
  // Throws Cancelled when it is told to stop.
  IdBuffer take_buffer(std::size_t chunk, const Progress& progress);

  // Takes the ids of a chunk, and writes those whose turn has come. Chunks are numbered from 0, and
  // each comes once.
  void put(std::size_t chunk, IdBuffer&& ids);

  // How many ids were written.
  std::uint64_t num_ids() const noexcept { return num_ids_; }

 private:
  static constexpr std::size_t kMaxWaiting = 16;
  // The disk is busy while we encode, and not with many small requests.
  static constexpr std::uint64_t kFlushBytes = std::uint64_t{4} << 20;

  struct Placed {
    std::uint64_t offset;
    IdBuffer ids;
  };

  std::vector<Placed> take_ready();
  void write(Placed& placed) const;
  void flush_behind(std::uint64_t end);

  const FileWriter& writer_;
  std::mutex mutex_;
  std::vector<std::pair<std::size_t, IdBuffer>> waiting_;
  std::vector<IdBuffer> free_;
  std::size_t next_ = 0;  // the first chunk that is not written
  std::uint64_t offset_;  // where it goes
  std::uint64_t flushed_;
  std::uint64_t num_ids_ = 0;
  const bool is_uint16_;
};

}  // namespace bpe
