// The kernel for AVX2 with BMI: a block is two registers.
#include "pretokenizer/kernels.h"

#if BPE_HAS_X86_KERNELS

#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <cstring>

#include "pretokenizer/kernels/bit_positions.h"
#include "pretokenizer/kernels/letter_lanes.h"
#include "pretokenizer/kernels/nibbles.h"
#include "pretokenizer/kernels/target.h"
#include "pretokenizer/kernels/traits.h"
#include "pretokenizer/scalar/machines.h"
#include "pretokenizer/scalar/units.h"

BPE_TARGET_BEGIN("avx2,bmi,bmi2,lzcnt,popcnt")
namespace bpe::avx2 {
namespace {

using namespace kernels;

inline __m256i load(const char* from) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
inline __m256i all(int byte) noexcept { return _mm256_set1_epi8(static_cast<char>(byte)); }

// Sixteen bytes to look up in, in both halves of a register.
inline __m256i table(const std::uint8_t* bytes) noexcept {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
}

// A byte with its top bit set finds nothing by its low nibble.
inline __m256i by_nibbles(__m256i bytes, __m256i low, __m256i high) noexcept {
  const __m256i high_nibbles = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), all(0x0F));
  return _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, high_nibbles));
}

inline Bits mask(__m256i low, __m256i high) noexcept {
  const auto bits = [](__m256i half) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(half));
  };
  return bits(low) | Bits{bits(high)} << 32;
}

class Block {
 public:
  // 64 bytes must be readable.
  explicit Block(const char* bytes) noexcept
      : low_(load(bytes)),
        high_(load(bytes + 32)),
        low_traits_(by_nibbles(low_, table(kByLowNibble.data()), table(kByHighNibble.data()))),
        high_traits_(by_nibbles(high_, table(kByLowNibble.data()), table(kByHighNibble.data()))) {}

  Bits letters() const noexcept { return having<kLetterUpTo15>() | having<kLetterFrom16>(); }
  Bits digits() const noexcept { return having<kAsciiDigit>(); }
  Bits white() const noexcept { return having<kAsciiControl>() | having<kAsciiSpace>(); }
  Bits space() const noexcept { return having<kAsciiSpace>(); }
  Bits newlines() const noexcept { return having<kAsciiNewline>(); }
  Bits quotes() const noexcept { return having<kAsciiQuote>(); }
  Bits slashes() const noexcept { return having<kAsciiSlash>(); }
  // Capital letters lack the bit 0x20.
  Bits upper() const noexcept {
    return letters() & ~mask(_mm256_slli_epi16(low_, 2), _mm256_slli_epi16(high_, 2));
  }
  Bits non_ascii() const noexcept { return mask(low_, high_); }

  Bits equal(char c) const noexcept {
    return mask(_mm256_cmpeq_epi8(low_, all(c)), _mm256_cmpeq_epi8(high_, all(c)));
  }
  Bits equal_folded(char c) const noexcept {
    return mask(_mm256_cmpeq_epi8(_mm256_or_si256(low_, all(0x20)), all(c)),
                _mm256_cmpeq_epi8(_mm256_or_si256(high_, all(0x20)), all(c)));
  }
  // AVX2 has no unsigned comparison: x >= y is max(x, y) == x.
  Bits at_least(int byte) const noexcept {
    return mask(_mm256_cmpeq_epi8(_mm256_max_epu8(low_, all(byte)), low_),
                _mm256_cmpeq_epi8(_mm256_max_epu8(high_, all(byte)), high_));
  }
  // As signed numbers, these are the smallest.
  Bits continuations() const noexcept {
    return mask(_mm256_cmpgt_epi8(all(0xC0), low_), _mm256_cmpgt_epi8(all(0xC0), high_));
  }

 private:
  // movemask takes the top bit of each byte; what a shift brings in from the byte beside is below
  // it.
  template <NibbleTrait trait>
  Bits having() const noexcept {
    constexpr int shift = std::countl_zero(static_cast<std::uint8_t>(trait));
    return mask(_mm256_slli_epi16(low_traits_, shift), _mm256_slli_epi16(high_traits_, shift));
  }

  __m256i low_, high_, low_traits_, high_traits_;
};

constexpr bool kContractionsAreCheap = false;

template <bool kIgnoreCase>
inline Contractions contraction_endings(const char* bytes) noexcept {
  const Block second(bytes + 1), third(bytes + 2);
  const auto is = [](const Block& block, char c) {
    return kIgnoreCase ? block.equal_folded(c) : block.equal(c);
  };
  return {
      is(second, 's') | is(second, 'd') | is(second, 'm') | is(second, 't'),
      (is(second, 'l') & is(third, 'l')) | ((is(second, 'v') | is(second, 'r')) & is(third, 'e'))};
}

// Only the leads whose characters are all letters: more takes four look-ups for each of two
// registers.
inline Bits letters_for_sure(const char* bytes, Bits leads, const LetterLanes& lanes) noexcept {
  const auto half = [&](const char* from) {
    const __m256i low_nibbles = _mm256_and_si256(load(from), all(0x0F));
    const __m256i high_nibbles = _mm256_and_si256(_mm256_srli_epi16(load(from), 4), all(0x0F));
    const __m256i found =
        _mm256_and_si256(_mm256_shuffle_epi8(table(lanes.low.data()), low_nibbles),
                         _mm256_shuffle_epi8(table(lanes.high.data()), high_nibbles));
    return _mm256_cmpeq_epi8(found, _mm256_setzero_si256());
  };
  return leads & ~mask(half(bytes), half(bytes + 32));
}

// Eight at a time: for each byte of the word, the positions of its bits from a table, widened.
inline void write_ends(Bits starts, EndOffset base, EndOffset* out) noexcept {
  __m256i bases = _mm256_set1_epi32(static_cast<int>(base));
  const __m256i eight = _mm256_set1_epi32(8);
  for (unsigned i = 0; i < 8; ++i) {
    const auto byte = static_cast<std::uint8_t>(starts >> (8 * i));
    const __m128i positions = _mm_cvtsi64_si128(static_cast<long long>(kBitPositions[byte]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                        _mm256_add_epi32(_mm256_cvtepu8_epi32(positions), bases));
    out += std::popcount(byte);
    bases = _mm256_add_epi32(bases, eight);
  }
}

#include "pretokenizer/kernels/block.inc.h"
#include "pretokenizer/kernels/one_by_one.inc.h"
#include "pretokenizer/kernels/rules.inc.h"
#include "pretokenizer/kernels/o200k_rules.inc.h"
#include "pretokenizer/kernels/fill.inc.h"

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
