// Packing without SIMD, and the choice among the kernels.
#include "pretokenizer/pack.h"

#include <array>

#include "pretokenizer/kernels.h"

namespace bpe {

#if BPE_HAS_X86_KERNELS
extern const PackKernel kAvx2Pack;
extern const PackKernel kAvx512Pack;
#endif

namespace {

std::size_t pack_scalar(const char* text, const EndOffset* ends, std::size_t count,
                        const SlotIndex& index, const PackedKeys& out) {
  std::size_t num_longs = 0;
  EndOffset begin = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const EndOffset length = ends[i] - begin;
    if (length > kMaxKeyBytes) [[unlikely]] {
      out.keys[i] = {};
      out.homes[i] = kNowhere;
      out.longs[num_longs++] = out.first + static_cast<std::uint32_t>(i);
    } else {
      out.keys[i] = make_key_unchecked(text + begin, length);
      out.homes[i] = index.home_of(hash_key(out.keys[i]));
      index.prefetch(out.homes[i]);
    }
    begin = ends[i];
  }
  return num_longs;
}

const PackKernel kScalarPack = {"scalar", []() noexcept { return true; }, pack_scalar};

constexpr std::array kAll = {
    &kScalarPack,
#if BPE_HAS_X86_KERNELS
    &kAvx2Pack,
    &kAvx512Pack,
#endif
};

struct Usable {
  std::array<const PackKernel*, kAll.size()> kernels{};
  std::size_t count = 0;

  Usable() {
    for (const PackKernel* kernel : kAll) {
      if (kernel->runs_here()) kernels[count++] = kernel;
    }
  }
};

PackFunction choose() {
  for (const PackKernel* kernel : usable_pack_kernels()) {
    if (kernel->name == active_kernel().name) return kernel->pack;
  }
  return pack_scalar;
}

}  // namespace

std::span<const PackKernel* const> usable_pack_kernels() {
  static const Usable usable;
  return {usable.kernels.data(), usable.count};
}

PackFunction active_pack() {
  static const PackFunction pack = choose();
  return pack;
}

}  // namespace bpe
