// The kernel for NEON, which every 64-bit ARM has: a block is four registers.
#include "pretokenizer/kernels.h"

#if BPE_HAS_NEON_KERNEL

#include <arm_neon.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "pretokenizer/kernels/bit_positions.h"
#include "pretokenizer/kernels/letter_lanes.h"
#include "pretokenizer/kernels/nibbles.h"
#include "pretokenizer/kernels/traits.h"
#include "pretokenizer/scalar/machines.h"
#include "pretokenizer/scalar/units.h"

namespace bpe::neon {
namespace {

using namespace kernels;

inline uint8x16_t all(int byte) noexcept { return vdupq_n_u8(static_cast<std::uint8_t>(byte)); }

inline uint8x16_t load(const std::uint8_t* from) noexcept { return vld1q_u8(from); }

inline uint8x16x4_t load_four(const std::uint8_t* from) noexcept {
  return {{load(from), load(from + 16), load(from + 32), load(from + 48)}};
}
inline uint8x16x4_t load_four(const char* from) noexcept {
  return load_four(reinterpret_cast<const std::uint8_t*>(from));
}

// One register from each of four.
template <class Function>
inline uint8x16x4_t map(const uint8x16x4_t& four, Function function) noexcept {
  return {
      {function(four.val[0]), function(four.val[1]), function(four.val[2]), function(four.val[3])}};
}
template <class Function>
inline uint8x16x4_t map(const uint8x16x4_t& left, const uint8x16x4_t& right,
                        Function function) noexcept {
  return {{function(left.val[0], right.val[0]), function(left.val[1], right.val[1]),
           function(left.val[2], right.val[2]), function(left.val[3], right.val[3])}};
}

// From bytes of all ones or zeros to a bit each. NEON has no movemask: every byte keeps the bit of
// its place among eight, and three rounds of pairwise sums bring those together.
inline Bits mask(const uint8x16x4_t& bytes) noexcept {
  const uint8x16_t bit_of_place = vreinterpretq_u8_u64(vdupq_n_u64(0x8040'2010'0804'0201));
  const auto bits = map(bytes, [=](uint8x16_t part) { return vandq_u8(part, bit_of_place); });
  const uint8x16_t by_two_low = vpaddq_u8(bits.val[0], bits.val[1]);
  const uint8x16_t by_two_high = vpaddq_u8(bits.val[2], bits.val[3]);
  const uint8x16_t by_four = vpaddq_u8(by_two_low, by_two_high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(by_four, by_four)), 0);
}

inline uint8x16_t by_nibbles(uint8x16_t bytes) noexcept {
  return vandq_u8(vqtbl1q_u8(load(kByLowNibble.data()), vandq_u8(bytes, all(0x0F))),
                  vqtbl1q_u8(load(kByHighNibble.data()), vshrq_n_u8(bytes, 4)));
}

class Block {
 public:
  // 64 bytes must be readable.
  explicit Block(const char* bytes) noexcept
      : bytes_(load_four(bytes)), traits_(map(bytes_, by_nibbles)) {}

  Bits letters() const noexcept { return having(kLetterUpTo15 | kLetterFrom16); }
  Bits digits() const noexcept { return having(kAsciiDigit); }
  Bits white() const noexcept { return having(kAsciiControl | kAsciiSpace); }
  Bits space() const noexcept { return having(kAsciiSpace); }
  Bits newlines() const noexcept { return having(kAsciiNewline); }
  Bits quotes() const noexcept { return having(kAsciiQuote); }
  Bits slashes() const noexcept { return having(kAsciiSlash); }
  // Capital letters lack the bit 0x20.
  Bits upper() const noexcept {
    return mask(map(bytes_, traits_, [](uint8x16_t bytes, uint8x16_t traits) {
      return vbicq_u8(vtstq_u8(traits, all(kLetterUpTo15 | kLetterFrom16)),
                      vtstq_u8(bytes, all(0x20)));
    }));
  }
  Bits non_ascii() const noexcept { return at_least(0x80); }

  Bits equal(char c) const noexcept {
    return mask(map(bytes_, [=](uint8x16_t bytes) { return vceqq_u8(bytes, all(c)); }));
  }
  Bits equal_folded(char c) const noexcept {
    return mask(map(
        bytes_, [=](uint8x16_t bytes) { return vceqq_u8(vorrq_u8(bytes, all(0x20)), all(c)); }));
  }
  Bits at_least(int byte) const noexcept {
    return mask(map(bytes_, [=](uint8x16_t bytes) { return vcgeq_u8(bytes, all(byte)); }));
  }
  // As signed numbers, these are the smallest.
  Bits continuations() const noexcept {
    return mask(map(bytes_, [](uint8x16_t bytes) {
      return vcltq_s8(vreinterpretq_s8_u8(bytes), vreinterpretq_s8_u8(all(0xC0)));
    }));
  }

 private:
  // Those that have any of the traits.
  Bits having(int traits) const noexcept {
    return mask(map(traits_, [=](uint8x16_t own) { return vtstq_u8(own, all(traits)); }));
  }

  uint8x16x4_t bytes_, traits_;
};

constexpr bool kContractionsAreCheap = false;

// A mask costs more than what it is made of: each is made once.
template <bool kIgnoreCase>
inline Contractions contraction_endings(const char* bytes) noexcept {
  const auto folded = [](uint8x16_t part) {
    return kIgnoreCase ? vorrq_u8(part, all(0x20)) : part;
  };
  const auto is = [](uint8x16_t part, char c) { return vceqq_u8(part, all(c)); };
  const uint8x16x4_t second = map(load_four(bytes + 1), folded);
  const uint8x16x4_t third = map(load_four(bytes + 2), folded);
  const auto ends_two = [&](uint8x16_t part) {
    return vorrq_u8(vorrq_u8(is(part, 's'), is(part, 'd')), vorrq_u8(is(part, 'm'), is(part, 't')));
  };
  const auto ends_three = [&](uint8x16_t part, uint8x16_t next) {
    return vorrq_u8(vandq_u8(is(part, 'l'), is(next, 'l')),
                    vandq_u8(vorrq_u8(is(part, 'v'), is(part, 'r')), is(next, 'e')));
  };
  return {mask(map(second, ends_two)), mask(map(second, third, ends_three))};
}

// A look-up of NEON's takes tables of 64 bytes.
inline Bits letters_for_sure(const char* bytes, Bits leads, const LetterLanes& lanes) noexcept {
  const uint8x16x4_t select = load_four(lanes.select.data());
  const uint8x16x4_t second = load_four(lanes.second.data());
  const auto answers = [&](uint8x16_t lead, uint8x16_t next) {
    return vtstq_u8(vqtbl4q_u8(select, vandq_u8(lead, all(0x3F))),
                    vqtbl4q_u8(second, vandq_u8(next, all(0x3F))));
  };
  return leads & mask(map(load_four(bytes), load_four(bytes + 1), answers));
}

// Eight at a time: for each byte of the word, the positions of its bits from a table, widened.
inline void write_ends(Bits starts, EndOffset base, EndOffset* out) noexcept {
  for (unsigned i = 0; i < 8; ++i) {
    const auto byte = static_cast<std::uint8_t>(starts >> (8 * i));
    const uint16x8_t positions = vmovl_u8(vcreate_u8(kBitPositions[byte]));
    const uint32x4_t bases = vdupq_n_u32(base + 8 * i);
    vst1q_u32(out, vaddw_u16(bases, vget_low_u16(positions)));
    vst1q_u32(out + 4, vaddw_u16(bases, vget_high_u16(positions)));
    out += std::popcount(byte);
  }
}

#include "pretokenizer/kernels/block.inc.h"
#include "pretokenizer/kernels/one_by_one.inc.h"
#include "pretokenizer/kernels/rules.inc.h"
#include "pretokenizer/kernels/o200k_rules.inc.h"
#include "pretokenizer/kernels/fill.inc.h"

}  // namespace
}  // namespace bpe::neon

namespace bpe {

const Kernel kNeonKernel = {
    "neon",
    []() noexcept { return true; },
    {kScalarKernel.fill[0], neon::fill<neon::Gpt2>, neon::fill<neon::Cl100k<scalar::kCl100k>>,
     neon::fill<neon::Cl100k<scalar::kLlama3>>, neon::fill<neon::O200k>,
     neon::fill<neon::Cl100k<scalar::kQwen2>>, neon::fill<neon::Cl100k<scalar::kNanochat>>},
};

}  // namespace bpe

#endif  // BPE_HAS_NEON_KERNEL
