// The tables of the AVX-512 kernel, made at compile time.
#include "pretokenizer/kernels/avx512_tables.h"

#include <cstddef>

namespace bpe::avx512 {
namespace {

constexpr std::uint8_t ascii_traits(int c) {
  if (c >= 'a' && c <= 'z') return kAsciiLetter;
  if (c >= 'A' && c <= 'Z') return kAsciiLetter | kAsciiUpper;
  if (c >= '0' && c <= '9') return kAsciiDigit;
  switch (c) {
    case ' ': return kAsciiWhite | kAsciiSpace;
    case '\n':
    case '\r': return kAsciiWhite | kAsciiNewline;
    case '\t':
    case '\v':
    case '\f': return kAsciiWhite;
    case '\'': return kAsciiQuote;
    case '/': return kAsciiSlash;
    default: return 0;
  }
}

constexpr std::uint8_t contraction_traits(int c, bool third) {
  switch (c) {
    case 's':
    case 'd':
    case 'm':
    case 't': return third ? 0 : kEndsTwo;
    case 'l': return 2;
    case 'v':
    case 'r': return third ? 0 : 4;
    case 'e': return third ? 4 : 0;
    default: return 0;
  }
}

constexpr int lower_case(int c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

constexpr Tables make_tables() {
  Tables tables{};
  for (int c = 0; c < 128; ++c) {
    const auto i = static_cast<std::size_t>(c);
    tables.ascii[i] = ascii_traits(c);
    tables.second[i] = contraction_traits(c, false);
    tables.third[i] = contraction_traits(c, true);
    tables.second_of_any_case[i] = contraction_traits(lower_case(c), false);
    tables.third_of_any_case[i] = contraction_traits(lower_case(c), true);
  }
  for (std::size_t i = 0; i < 64; ++i) tables.positions[i] = static_cast<std::uint8_t>(i);
  for (std::size_t bit = 0; bit < 8; ++bit) {
    tables.repeated[bit].fill(static_cast<std::uint8_t>(1u << bit));
  }
  return tables;
}

}  // namespace

// Ready before any other object is made.
constinit const Tables kTables = make_tables();

}  // namespace bpe::avx512
