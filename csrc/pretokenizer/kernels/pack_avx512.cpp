// Sixteen pretokens at a time, four to a register: loaded, cut to their length, hashed.
#include "pretokenizer/kernels.h"
#include "pretokenizer/pack.h"

#if BPE_HAS_X86_KERNELS

#include <immintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include "pretokenizer/kernels/target.h"

// GCC 12 takes the undefined registers inside its own intrinsics for a mistake of ours.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

BPE_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")
namespace bpe::avx512_pack {
namespace {

// The 16 bytes at each of four places. They are readable: see PackFunction.
inline __m512i load_four(const char* text, const std::uint32_t* starts) noexcept {
  const auto at = [&](int i) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + starts[i]));
  };
  __m512i bytes = _mm512_zextsi128_si512(at(0));
  bytes = _mm512_inserti32x4(bytes, at(1), 1);
  bytes = _mm512_inserti32x4(bytes, at(2), 2);
  return _mm512_inserti32x4(bytes, at(3), 3);
}

// Keeps of each 16 bytes as many as its length says, and puts the length into the last one.
// `lengths` has those of the four in its dwords 4 * group and on.
inline __m512i cut(__m512i bytes, __m512i lengths, int group) noexcept {
  const __m512i dword_of_lane = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
  const __m512i place = _mm512_set4_epi32(0x0F0E0D0C, 0x0B0A0908, 0x07060504, 0x03020100);
  const __m512i dwords = _mm512_permutexvar_epi32(
      _mm512_add_epi32(dword_of_lane, _mm512_set1_epi32(4 * group)), lengths);
  // The lowest byte of each lane, sixteen times.
  const __m512i length = _mm512_shuffle_epi8(dwords, _mm512_setzero_si512());
  const __m512i kept = _mm512_maskz_mov_epi8(_mm512_cmplt_epu8_mask(place, length), bytes);
  return _mm512_mask_mov_epi8(kept, 0x8000'8000'8000'8000, length);
}

// hash_key up to the sum, which stands in both halves of each lane.
inline __m512i sums(__m512i keys, __m512i seeds) noexcept {
  const __m512i factors = _mm512_xor_si512(keys, seeds);
  const __m512i products = _mm512_mul_epu32(factors, _mm512_srli_epi64(factors, 32));
  return _mm512_add_epi64(products, _mm512_shuffle_epi32(products, _MM_PERM_BADC));
}

// The rest of hash_key, of sixteen sums in their order.
inline __m512i hashes(const __m512i (&sums)[4]) noexcept {
  // Each lane of the first holds the sums of keys k and 4 + k, of the second 8 + k and 12 + k.
  const __m512i left = _mm512_unpacklo_epi64(sums[0], sums[1]);
  const __m512i right = _mm512_unpacklo_epi64(sums[2], sums[3]);
  const __m512i low = _mm512_set_epi32(30, 26, 22, 18, 28, 24, 20, 16, 14, 10, 6, 2, 12, 8, 4, 0);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(1));
  const __m512i folded = _mm512_xor_si512(_mm512_permutex2var_epi32(left, low, right),
                                          _mm512_permutex2var_epi32(left, high, right));
  return _mm512_mullo_epi32(folded, _mm512_set1_epi32(static_cast<int>(kHashMix)));
}

std::size_t pack(const char* text, const EndOffset* ends, std::size_t count, const SlotIndex& index,
                 const PackedKeys& out) {
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(index.shift));
  const __m512i numbers = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i seeds = _mm512_set_epi64(kHashSeed.key_high, kHashSeed.key_low, kHashSeed.key_high,
                                         kHashSeed.key_low, kHashSeed.key_high, kHashSeed.key_low,
                                         kHashSeed.key_high, kHashSeed.key_low);
  alignas(64) std::uint32_t starts[16];
  std::size_t num_longs = 0;
  __m512i last_ends = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; i += 16) {
    // Lanes behind the last pretoken load nothing, begin at 0 and have the length 0.
    const __mmask16 used = count - i >= 16 ? __mmask16(0xFFFF) : __mmask16((1u << (count - i)) - 1);
    const __m512i end = _mm512_maskz_loadu_epi32(used, ends + i);
    const __m512i start = _mm512_maskz_alignr_epi32(used, end, last_ends, 15);
    last_ends = end;
    __m512i lengths = _mm512_sub_epi32(end, start);
    const __mmask16 is_long =
        _mm512_cmpgt_epu32_mask(lengths, _mm512_set1_epi32(static_cast<int>(kMaxKeyBytes)));
    lengths = _mm512_maskz_mov_epi32(static_cast<__mmask16>(~is_long), lengths);
    _mm512_store_si512(starts, start);

    __m512i sum[4];
    for (int group = 0; group < 4; ++group) {
      const __m512i keys = cut(load_four(text, starts + 4 * group), lengths, group);
      _mm512_storeu_si512(out.keys + i + 4 * group, keys);
      sum[group] = sums(keys, seeds);
    }
    const __m512i homes =
        _mm512_max_epu32(_mm512_srl_epi32(hashes(sum), shift), _mm512_set1_epi32(1));
    _mm512_storeu_si512(out.homes + i,
                        _mm512_maskz_mov_epi32(static_cast<__mmask16>(~is_long), homes));
    for (int lane = 0; lane < 16; ++lane) index.prefetch(out.homes[i + lane]);

    // Without a jump: in some languages every block has one.
    const __m512i number = _mm512_add_epi32(
        numbers, _mm512_set1_epi32(static_cast<int>(out.first + static_cast<std::uint32_t>(i))));
    _mm512_storeu_si512(out.longs + num_longs, _mm512_maskz_compress_epi32(is_long, number));
    num_longs += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(is_long)));
  }
  return num_longs;
}

}  // namespace
}  // namespace bpe::avx512_pack
BPE_TARGET_END

namespace bpe {
namespace {

bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("popcnt");
}

}  // namespace

extern const PackKernel kAvx512Pack;
const PackKernel kAvx512Pack = {"avx512", has_avx512, avx512_pack::pack};

}  // namespace bpe

#endif  // BPE_HAS_X86_KERNELS
