// Eight bytes a step ("slicing by 8"): table k holds what a byte does to the checksum k bytes
// later.
#include "base/crc32.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace bpe {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are loaded as one number");

constexpr std::uint32_t kPolynomial = 0xEDB88320;  // bit-reversed
constexpr std::size_t kNumTables = 8;

using Table = std::array<std::uint32_t, 256>;

constexpr std::array<Table, kNumTables> make_tables() {
  std::array<Table, kNumTables> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < kNumTables; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<Table, kNumTables> kTables = make_tables();

std::uint32_t eight_bytes(const char* data, std::uint32_t crc) noexcept {
  std::uint64_t word;
  std::memcpy(&word, data, 8);
  word ^= crc;
  std::uint32_t next = 0;
  for (std::size_t k = 0; k < kNumTables; ++k) {
    next ^= kTables[kNumTables - 1 - k][(word >> (8 * k)) & 0xFF];
  }
  return next;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t crc) noexcept {
  crc = ~crc;
  while (bytes.size() >= 8) {
    crc = eight_bytes(bytes.data(), crc);
    bytes.remove_prefix(8);
  }
  for (const char c : bytes) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  }
  return ~crc;
}

}  // namespace bpe
