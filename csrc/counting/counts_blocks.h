// What the body of a counts file is made of: blocks of pretokens sorted by their bytes, and an end.
//
//   block  | payload bytes u64 | entries u32 | crc u32 | payload |
//   entry  | shared varint | rest varint | the last `rest` bytes of the pretoken | count varint |
//   end    a block of 0 entries, whose payload is the four numbers of `CountsTotals` as u64
//
// An entry repeats the first `shared` bytes of the one before it; the first of a block repeats
// none, so a block can be read alone. A block ends with the entry that fills it to kBlockBytes.
// Numbers are little-endian. The crc covers the two numbers before it and the payload, and goes on
// from a checksum of whatever stands before the body, so a block fits under its own header only.
// docs/counts_file.md says the same in words, bpe/reference/counts_file.py in Python.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace bpe {

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

inline constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
inline constexpr std::size_t kBlockHeaderBytes = 16;
inline constexpr std::size_t kCheckedHeaderBytes = 12;  // all but the crc itself
inline constexpr std::size_t kMaxVarintBytes = 10;

struct CountsTotals {
  std::uint64_t num_distinct = 0;
  std::uint64_t total = 0;
  // What a filter took out of the counts, over their whole life.
  std::uint64_t dropped_pretokens = 0;
  std::uint64_t dropped_occurrences = 0;
  friend bool operator==(const CountsTotals&, const CountsTotals&) = default;
};

inline constexpr std::size_t kEndBytes = kBlockHeaderBytes + sizeof(CountsTotals);

// Seven bits a byte, the lowest first; the top bit says that more follow.
inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Moves `next` behind the number. False when it ends too late, or could be written shorter.
inline bool read_varint(const char*& next, const char* end, std::uint64_t& value) noexcept {
  value = 0;
  for (int shift = 0; shift < 64 && next != end; shift += 7) {
    const std::uint64_t byte = static_cast<unsigned char>(*next++);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return shift == 0 || (byte != 0 && (byte << shift >> shift) == byte);
  }
  return false;
}

}  // namespace bpe
