// The kernel for AVX2 with BMI: two loads a block.
#include "pretokenizer/kernels.h"

#if BPE_HAS_X86_KERNELS

#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <cstring>

#include "pretokenizer/kernels/target.h"
#include "pretokenizer/scalar/machines.h"

BPE_TARGET_BEGIN("avx2,bmi,bmi2,lzcnt,popcnt")
namespace bpe::avx2 {
namespace {

class Block {
 public:
  // All 64 bytes must be readable.
  explicit Block(const char* bytes) noexcept
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32))) {}

  // Fewer than 64 readable bytes: the rest is zeros, from a copy.
  Block(const char* bytes, std::size_t available) noexcept
      : Block(Padded(bytes, available).bytes) {}

  std::uint64_t equal(char c) const noexcept {
    const __m256i wanted = _mm256_set1_epi8(c);
    return mask(_mm256_cmpeq_epi8(low_, wanted), _mm256_cmpeq_epi8(high_, wanted));
  }

  std::uint64_t between(char first, char last) const noexcept {
    return mask(in_range(low_, first, last), in_range(high_, first, last));
  }

  std::uint64_t letters() const noexcept {
    const __m256i to_lower = _mm256_set1_epi8(0x20);
    return mask(in_range(_mm256_or_si256(low_, to_lower), 'a', 'z'),
                in_range(_mm256_or_si256(high_, to_lower), 'a', 'z'));
  }

  std::uint64_t non_ascii() const noexcept { return mask(low_, high_); }

 private:
  struct Padded {
    Padded(const char* from, std::size_t available) noexcept {
      std::memcpy(bytes, from, available);
    }
    char bytes[64] = {};
  };

  // AVX2 has no unsigned comparison: x <= y is min(x, y) == x.
  static __m256i in_range(__m256i bytes, char first, char last) noexcept {
    const __m256i offset = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
    const __m256i width = _mm256_set1_epi8(static_cast<char>(last - first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(offset, width), offset);
  }

  static std::uint64_t mask(__m256i low, __m256i high) noexcept {
    const auto bits = [](__m256i half) {
      return static_cast<std::uint32_t>(_mm256_movemask_epi8(half));
    };
    return bits(low) | static_cast<std::uint64_t>(bits(high)) << 32;
  }

  __m256i low_, high_;
};

// Four at a time; the places past the last one get rubbish, which the caller has room for.
inline void write_ends(std::uint64_t starts, EndOffset base, EndOffset* out) noexcept {
  for (; starts != 0; out += 4) {
    for (unsigned i = 0; i < 4; ++i) {
      out[i] = base + static_cast<EndOffset>(_tzcnt_u64(starts));
      starts = _blsr_u64(starts);
    }
  }
}

#include "pretokenizer/kernels/block_rules.inc.h"

}  // namespace
}  // namespace bpe::avx2
BPE_TARGET_END

namespace bpe {
namespace {

bool has_avx2() noexcept {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

}  // namespace

const Kernel kAvx2Kernel = {
    "avx2",
    has_avx2,
    {kScalarKernel.fill[0], avx2::fill<avx2::Gpt2>, avx2::fill<avx2::Cl100k<scalar::kCl100k>>,
     avx2::fill<avx2::Cl100k<scalar::kLlama3>>, avx2::fill<avx2::O200k>,
     avx2::fill<avx2::Cl100k<scalar::kQwen2>>, avx2::fill<avx2::Cl100k<scalar::kNanochat>>},
};

}  // namespace bpe

#endif  // BPE_HAS_X86_KERNELS
