// The kernel for AVX-512 with VBMI and VBMI2: a block is one register, a word one mask.
#include "pretokenizer/kernels.h"

#if BPE_HAS_X86_KERNELS

// GCC's own header starts from registers that it leaves undefined on purpose.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <immintrin.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "pretokenizer/kernels/avx512_tables.h"
#include "pretokenizer/kernels/letter_lanes.h"
#include "pretokenizer/kernels/target.h"
#include "pretokenizer/kernels/traits.h"
#include "pretokenizer/scalar/machines.h"
#include "pretokenizer/scalar/units.h"

BPE_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")
namespace bpe::avx512 {
namespace {

using namespace kernels;

// GCC likes to keep words in mask registers, where arithmetic is slow to reach: this one it may
// not.
inline Bits word(__mmask64 mask) noexcept {
  Bits bits = mask;
  asm("" : "+r"(bits));
  return bits;
}

inline __m512i load(const void* from) noexcept { return _mm512_loadu_si512(from); }
inline __m512i all(int byte) noexcept { return _mm512_set1_epi8(static_cast<char>(byte)); }

// A bit in every byte.
inline __m512i repeated(int trait) noexcept {
  return load(kTables.repeated[std::countr_zero(static_cast<unsigned>(trait))].data());
}

// Looks bytes up in a table of 128; those beyond ASCII give 0.
inline __m512i look_up(__m512i bytes, const std::array<std::uint8_t, 128>& table) noexcept {
  const __mmask64 is_ascii = _mm512_testn_epi8_mask(bytes, repeated(0x80));
  return _mm512_maskz_permutex2var_epi8(is_ascii, load(table.data()), bytes,
                                        load(table.data() + 64));
}

class Block {
 public:
  // 64 bytes must be readable.
  explicit Block(const char* bytes) noexcept
      : bytes_(load(bytes)), traits_(look_up(bytes_, kTables.ascii)) {}

  Bits letters() const noexcept { return having(kAsciiLetter); }
  Bits digits() const noexcept { return having(kAsciiDigit); }
  Bits white() const noexcept { return having(kAsciiWhite); }
  Bits space() const noexcept { return having(kAsciiSpace); }
  Bits newlines() const noexcept { return having(kAsciiNewline); }
  Bits quotes() const noexcept { return having(kAsciiQuote); }
  Bits upper() const noexcept { return having(kAsciiUpper); }
  Bits slashes() const noexcept { return having(kAsciiSlash); }
  Bits non_ascii() const noexcept { return word(_mm512_movepi8_mask(bytes_)); }

  Bits equal(char c) const noexcept { return word(_mm512_cmpeq_epi8_mask(bytes_, all(c))); }
  Bits equal_folded(char c) const noexcept {
    return word(_mm512_cmpeq_epi8_mask(_mm512_or_si512(bytes_, all(0x20)), all(c)));
  }
  Bits at_least(int byte) const noexcept { return word(_mm512_cmpge_epu8_mask(bytes_, all(byte))); }
  // As signed numbers, these are the smallest.
  Bits continuations() const noexcept { return word(_mm512_cmplt_epi8_mask(bytes_, all(0xC0))); }

 private:
  Bits having(AsciiTrait trait) const noexcept {
    return word(_mm512_test_epi8_mask(traits_, repeated(trait)));
  }

  __m512i bytes_, traits_;
};

// Cheaper than a jump that is mispredicted.
constexpr bool kContractionsAreCheap = true;

template <bool kIgnoreCase>
inline Contractions contraction_endings(const char* bytes) noexcept {
  const __m512i second =
      look_up(load(bytes + 1), kIgnoreCase ? kTables.second_of_any_case : kTables.second);
  const __m512i third =
      look_up(load(bytes + 2), kIgnoreCase ? kTables.third_of_any_case : kTables.third);
  return {word(_mm512_test_epi8_mask(second, repeated(kEndsTwo))),
          word(_mm512_test_epi8_mask(second, third))};
}

inline Bits letters_for_sure(const char* bytes, Bits leads, const LetterLanes& lanes) noexcept {
  // A permutation looks at the low six bits of an index.
  const __m512i select = _mm512_permutexvar_epi8(load(bytes), load(lanes.select.data()));
  const __m512i second = _mm512_permutexvar_epi8(load(bytes + 1), load(lanes.second.data()));
  return _mm512_mask_test_epi8_mask(leads, select, second);
}

// The characters of a row differ in their last byte only: a row's classes fit one register, and all
// characters of a row are looked up at once.
struct Row {
  Bits leads;
  __m512i last;
  std::uint32_t number;  // the code points from 64 * number on
};

// The row of the first of `leads`. False if that leads no well-formed character.
inline bool first_row(const char* bytes, Bits leads, Row& row) noexcept {
  std::uint32_t word;
  std::memcpy(&word, bytes + _tzcnt_u64(leads), 4);
  const std::uint32_t lead = word & 0xFF, second = word >> 8 & 0xFF, third = word >> 16 & 0xFF;
  const __m512i at_1 = load(bytes + 1);
  row.leads = _mm512_mask_cmpeq_epi8_mask(leads, load(bytes), all(static_cast<int>(lead)));
  if (lead < 0xE0) {
    row.number = lead & 0x1F;
    row.last = at_1;
    return row.number >= 2;
  }
  row.leads = _mm512_mask_cmpeq_epi8_mask(row.leads, at_1, all(static_cast<int>(second)));
  const __m512i at_2 = load(bytes + 2);
  if (lead < 0xF0) {
    row.number = (lead & 0x0F) << 6 | (second & 0x3F);
    row.last = at_2;
    return row.number >= 0x800 / 64 && row.number >> 5 != 0xD800 >> 11;
  }
  row.leads = _mm512_mask_cmpeq_epi8_mask(row.leads, at_2, all(static_cast<int>(third)));
  row.number = (lead & 0x0F) << 12 | (second & 0x3F) << 6 | (third & 0x3F);
  row.last = load(bytes + 3);
  return row.number - 0x10000 / 64 < 0x100000 / 64;
}

template <bool kCases, class Words>
inline bool classify_leads(const char* bytes, Bits leads, Words& is) noexcept {
  const __m512i all_traits =
      _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(kTraits)));
  while (leads != 0) {
    Row row;
    if (!first_row(bytes, leads, row)) return false;
    const std::uint8_t* const classes =
        unicode::kPages[unicode::kPageOf[row.number >> 2]] + (row.number & 3) * 64;
    const __m512i traits =
        _mm512_shuffle_epi8(all_traits, _mm512_permutexvar_epi8(row.last, load(classes)));
    const auto having = [&](int trait) {
      return _mm512_mask_test_epi8_mask(row.leads, traits, all(trait));
    };
    is.letters |= having(kCases ? kLetter | kMark : kLetter);
    is.digits |= having(kNumber);
    is.white |= having(kWhite);
    if constexpr (kCases) {
      is.upper |= having(kUpper);
      is.caseless |= having(kCaseless | kMark);
      is.marks |= having(kMark);
    }
    leads &= ~row.leads;
  }
  return true;
}

// Sixteen at a time: the positions of the bits, packed by one instruction.
inline void write_ends(Bits starts, EndOffset base, EndOffset* out) noexcept {
  const __m512i positions = _mm512_maskz_compress_epi8(starts, load(kTables.positions.data()));
  const __m512i bases = _mm512_set1_epi32(static_cast<int>(base));
  const auto write = [&](__m128i sixteen, EndOffset* to) {
    _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_cvtepu8_epi32(sixteen), bases));
  };
  write(_mm512_castsi512_si128(positions), out);
  // English has 14 starts a block: a jump on more than 16 would be mispredicted.
  write(_mm512_extracti32x4_epi32(positions, 1), out + 16);
  if (std::popcount(starts) <= 32) [[likely]]
    return;
  write(_mm512_extracti32x4_epi32(positions, 2), out + 32);
  write(_mm512_extracti32x4_epi32(positions, 3), out + 48);
}

#include "pretokenizer/kernels/block.inc.h"
#include "pretokenizer/kernels/rules.inc.h"
#include "pretokenizer/kernels/o200k_rules.inc.h"
#include "pretokenizer/kernels/fill.inc.h"

}  // namespace
}  // namespace bpe::avx512
BPE_TARGET_END

namespace bpe {
namespace {

bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("popcnt");
}

}  // namespace

const Kernel kAvx512Kernel = {
    "avx512",
    has_avx512,
    {kScalarKernel.fill[0], avx512::fill<avx512::Gpt2>,
     avx512::fill<avx512::Cl100k<scalar::kCl100k>>, avx512::fill<avx512::Cl100k<scalar::kLlama3>>,
     avx512::fill<avx512::O200k>, avx512::fill<avx512::Cl100k<scalar::kQwen2>>,
     avx512::fill<avx512::Cl100k<scalar::kNanochat>>},
};

}  // namespace bpe

#endif  // BPE_HAS_X86_KERNELS
