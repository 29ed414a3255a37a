// Packing next to the end of readable memory.
#include "pretokenizer/key_batch.h"

#include <algorithm>
#include <cstring>

namespace bpe {
namespace {

// Some 64 pretokens: four groups, of which the last would be one more.
constexpr std::size_t kShortText = 256;

}  // namespace

void KeyBatch::append(const char* text, std::span<const EndOffset> ends, const char* readable_end,
                      const SlotIndex& index) {
  constexpr std::size_t kLoad = sizeof(PretokenKey);
  const auto readable = static_cast<std::size_t>(readable_end - text);
  if (ends.size() > 1 && ends[ends.size() - 2] + kLoad <= readable) [[likely]] {
    return pack(text, ends, index);
  }
  // A short text is packed from a copy as a whole: that costs less than a group of its own for what
  // stands at its end.
  if (readable <= kShortText) {
    std::array<char, kShortText + kLoad> copy;
    std::memcpy(copy.data(), text, readable);
    std::memset(copy.data() + readable, 0, kLoad);
    return pack(copy.data(), ends, index);
  }
  // Pretokens that begin where less than a load is readable, fewer than a load holds bytes, are
  // packed from a copy.
  std::size_t num_safe = ends.size();
  const auto start_of = [&](std::size_t i) -> std::size_t { return i == 0 ? 0 : ends[i - 1]; };
  while (num_safe > 0 && start_of(num_safe - 1) + kLoad > readable) --num_safe;
  if (num_safe > 0) pack(text, ends.first(num_safe), index);
  if (num_safe == ends.size()) return;
  const std::size_t begin = start_of(num_safe);
  std::array<char, 2 * kLoad> copy{};
  std::memcpy(copy.data(), text + begin, readable - begin);
  std::array<EndOffset, kLoad> copy_ends;
  const std::size_t count = ends.size() - num_safe;
  for (std::size_t i = 0; i < count; ++i) {
    copy_ends[i] = static_cast<EndOffset>(ends[num_safe + i] - begin);
  }
  pack(copy.data(), std::span(copy_ends).first(count), index);
}

void KeyBatch::pack(const char* text, std::span<const EndOffset> ends, const SlotIndex& index) {
  const PackedKeys out = {keys_.data() + size_, homes_.data() + size_, longs_.data() + num_longs_,
                          static_cast<std::uint32_t>(size_)};
  num_longs_ += pack_(text, ends.data(), ends.size(), index, out);
  size_ += ends.size();
}

}  // namespace bpe
