// Eight pretokens at a time, two to a register: loaded, cut to their length, hashed.
#include "pretokenizer/kernels.h"
#include "pretokenizer/pack.h"

#if BPE_HAS_X86_KERNELS

#include <immintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include "pretokenizer/kernels/target.h"

BPE_TARGET_BEGIN("avx2,bmi,bmi2,lzcnt,popcnt")
namespace bpe::avx2_pack {
namespace {

inline __m256i load_two(const void* first, const void* second) noexcept {
  const __m128i low = _mm_loadu_si128(static_cast<const __m128i*>(first));
  const __m128i high = _mm_loadu_si128(static_cast<const __m128i*>(second));
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

// The 16 bytes at two places, cut to their lengths, with the length in the last one. The bytes are
// readable: see PackFunction.
inline __m256i load_keys(const char* text, const std::uint32_t* starts,
                         const std::uint32_t* lengths) noexcept {
  const __m256i bytes = load_two(text + starts[0], text + starts[1]);
  const __m256i mask = load_two(&kKeyMasks[lengths[0]], &kKeyMasks[lengths[1]]);
  const __m256i tags =
      _mm256_set_epi64x(static_cast<long long>(std::uint64_t{lengths[1]} << 56), 0,
                        static_cast<long long>(std::uint64_t{lengths[0]} << 56), 0);
  return _mm256_or_si256(_mm256_and_si256(bytes, mask), tags);
}

// hash_key up to the sum, which stands in both halves of each lane.
inline __m256i sums(__m256i keys, __m256i seeds) noexcept {
  const __m256i factors = _mm256_xor_si256(keys, seeds);
  const __m256i products = _mm256_mul_epu32(factors, _mm256_srli_epi64(factors, 32));
  return _mm256_add_epi64(products, _mm256_shuffle_epi32(products, 0x4E));
}

// The rest of hash_key, of eight sums in their order.
inline __m256i hashes(const __m256i (&sums)[4]) noexcept {
  const __m256 left = _mm256_castsi256_ps(_mm256_unpacklo_epi64(sums[0], sums[1]));
  const __m256 right = _mm256_castsi256_ps(_mm256_unpacklo_epi64(sums[2], sums[3]));
  const __m256i low = _mm256_castps_si256(_mm256_shuffle_ps(left, right, 0x88));
  const __m256i high = _mm256_castps_si256(_mm256_shuffle_ps(left, right, 0xDD));
  const __m256i mixed = _mm256_mullo_epi32(_mm256_xor_si256(low, high),
                                           _mm256_set1_epi32(static_cast<int>(kHashMix)));
  // The even keys lie in the lower lane, the odd ones in the upper.
  return _mm256_permutevar8x32_epi32(mixed, _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0));
}

// Eight, of which the arrays hold starts, lengths (0 for a long one) and the place for homes.
inline void pack_eight(const char* text, const std::uint32_t* starts, const std::uint32_t* lengths,
                       __m256i seeds, __m128i shift, PretokenKey* out_keys,
                       std::uint32_t* out_homes) noexcept {
  __m256i sum[4];
  for (int group = 0; group < 4; ++group) {
    const __m256i keys = load_keys(text, starts + 2 * group, lengths + 2 * group);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out_keys + 2 * group), keys);
    sum[group] = sums(keys, seeds);
  }
  const __m256i homes =
      _mm256_max_epu32(_mm256_srl_epi32(hashes(sum), shift), _mm256_set1_epi32(1));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out_homes), homes);
}

std::size_t pack(const char* text, const EndOffset* ends, std::size_t count, const SlotIndex& index,
                 const PackedKeys& out) {
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(index.shift));
  const __m256i seeds = _mm256_set_epi64x(kHashSeed.key_high, kHashSeed.key_low, kHashSeed.key_high,
                                          kHashSeed.key_low);
  const __m256i longest = _mm256_set1_epi32(static_cast<int>(kMaxKeyBytes));
  alignas(32) std::uint32_t starts[8];
  alignas(32) std::uint32_t lengths[8];
  std::size_t num_longs = 0;
  EndOffset begin = 0;
  for (std::size_t i = 0; i < count; i += 8) {
    // Places behind the last pretoken begin at 0 and have the length 0.
    alignas(32) std::uint32_t last[8] = {};
    const EndOffset* from = ends + i;
    const std::size_t used = count - i < 8 ? count - i : 8;
    if (used < 8) {
      for (std::size_t k = 0; k < used; ++k) last[k] = from[k];
      from = last;
    }
    const __m256i end = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m256i start = _mm256_insert_epi32(
        _mm256_permutevar8x32_epi32(end, _mm256_set_epi32(6, 5, 4, 3, 2, 1, 0, 0)),
        static_cast<int>(begin), 0);
    begin = from[7];
    const __m256i length = _mm256_sub_epi32(end, start);
    // x <= 15, unsigned, is min(x, 15) == x.
    const __m256i is_short = _mm256_cmpeq_epi32(_mm256_min_epu32(length, longest), length);
    _mm256_store_si256(reinterpret_cast<__m256i*>(starts), start);
    _mm256_store_si256(reinterpret_cast<__m256i*>(lengths), _mm256_and_si256(length, is_short));
    for (std::size_t k = used; k < 8; ++k) starts[k] = lengths[k] = 0;
    pack_eight(text, starts, lengths, seeds, shift, out.keys + i, out.homes + i);
    unsigned longs = ~static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(is_short)));
    for (longs &= (1u << used) - 1; longs != 0; longs &= longs - 1) {
      const auto lane = static_cast<std::uint32_t>(std::countr_zero(longs));
      out.homes[i + lane] = kNowhere;
      out.longs[num_longs++] = out.first + static_cast<std::uint32_t>(i) + lane;
    }
    for (int lane = 0; lane < 8; ++lane) index.prefetch(out.homes[i + lane]);
  }
  return num_longs;
}

}  // namespace
}  // namespace bpe::avx2_pack
BPE_TARGET_END

namespace bpe {
namespace {

bool has_avx2() noexcept {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

}  // namespace

extern const PackKernel kAvx2Pack;
const PackKernel kAvx2Pack = {"avx2", has_avx2, avx2_pack::pack};

}  // namespace bpe

#endif  // BPE_HAS_X86_KERNELS
