// Only who writes what is decided under the lock; writing is not.
#include "encoder/id_file.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <string_view>
#include <thread>

namespace bpe {
namespace {

static_assert(std::endian::native == std::endian::little, "ids lie in files as they do in memory");

// Rare: one chunk takes as long as a dozen others.
constexpr std::chrono::milliseconds kWait{1};

}  // namespace

IdBuffer IdFile::take_buffer(std::size_t chunk, const Progress& progress) {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (chunk < next_ + kMaxWaiting) {
        if (free_.empty()) return {};
        IdBuffer buffer = std::move(free_.back());
        free_.pop_back();
        buffer.clear();
        return buffer;
      }
    }
    progress.check();
    std::this_thread::sleep_for(kWait);
  }
}

void IdFile::put(std::size_t chunk, IdBuffer&& ids) {
  std::vector<Placed> ready;
  std::uint64_t end = 0;
  {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(chunk, std::move(ids));
    ready = take_ready();
    end = offset_;
  }
  if (ready.empty()) return;
  for (Placed& placed : ready) write(placed);
  const std::lock_guard lock(mutex_);
  for (Placed& placed : ready) free_.push_back(std::move(placed.ids));
  flush_behind(end);
}

// Takes the chunks whose place is known now.
std::vector<IdFile::Placed> IdFile::take_ready() {
  std::vector<Placed> ready;
  while (true) {
    const auto found =
        std::ranges::find(waiting_, next_, [](const auto& each) { return each.first; });
    if (found == waiting_.end()) return ready;
    const std::size_t count = found->second.size();
    ready.push_back({offset_, std::move(found->second)});
    waiting_.erase(found);
    offset_ += count * (is_uint16_ ? sizeof(std::uint16_t) : sizeof(std::uint32_t));
    num_ids_ += count;
    ++next_;
  }
}

void IdFile::write(Placed& placed) const {
  const std::size_t count = placed.ids.size();
  if (is_uint16_) narrow_ids(placed.ids.data(), count);
  const std::size_t size = count * (is_uint16_ ? sizeof(std::uint16_t) : sizeof(std::uint32_t));
  writer_.write_at(placed.offset, {reinterpret_cast<const char*>(placed.ids.data()), size});
}

// Others may still be writing into that range: then the next flush finds their part.
void IdFile::flush_behind(std::uint64_t end) {
  if (end < flushed_ + kFlushBytes) return;
  writer_.begin_flushing(flushed_, end - flushed_);
  flushed_ = end;
}

}  // namespace bpe
