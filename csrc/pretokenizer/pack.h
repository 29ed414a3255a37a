// Pretokens to packed keys and their home slots, many at a time: by SIMD where the CPU has it.
//
// All implementations give the same keys and the same homes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/pretoken_key.h"
#include "base/slot_index.h"
#include "pretokenizer/pretokenizer.h"

namespace bpe {

// So many places more than there are pretokens may be written.
inline constexpr std::size_t kPackSlack = 16;

// Where the results go.
struct PackedKeys {
  PretokenKey* keys;     // empty for a pretoken of more than kMaxKeyBytes
  std::uint32_t* homes;  // and its home is kNowhere
  std::uint32_t* longs;  // the numbers of those, ascending, from `first` on
  std::uint32_t first;   // the number of the first pretoken
};

// Packs the pretokens text[0 .. ends[0]), text[ends[0] .. ends[1]), ..., sends their home slots
// towards the cache, and returns how many are long. There must be at least one, and 16 readable
// bytes from the start of each; an end may be kFarEnd, which is long in any case.
using PackFunction = std::size_t (*)(const char* text, const EndOffset* ends, std::size_t count,
                                     const SlotIndex& index, const PackedKeys& out);

struct PackKernel {
  std::string_view name;  // of the scanner's kernel that it goes with
  bool (*runs_here)() noexcept;
  PackFunction pack;
};

// Those that this CPU can run, the slowest first.
std::span<const PackKernel* const> usable_pack_kernels();

// The one that goes with the kernel in use, or the scalar one.
PackFunction active_pack();

}  // namespace bpe
