// The numbers that were chosen by measuring, and the bounds on memory.
#pragma once

#include <cmath>
#include <cstddef>

namespace bpe {

// Pretokens that are looked up together: their slots are prefetched a batch ahead. 512 was the best
// of 64 to 1,024 when counting the same texts.
inline constexpr std::size_t kPretokenBatch = 512;

// 2^10 slots of 32 bytes cost a first short call little; the table then grows fourfold at a time.
inline constexpr std::size_t kFirstMemoSlots = std::size_t{1} << 10;
inline constexpr std::size_t kMemoGrowth = 4;
// 32 MB for each thread: enough for the 273,000 distinct short pretokens of 100 MB of English.
inline constexpr std::size_t kMaxMemoSlots = std::size_t{1} << 20;
static_assert((kMaxMemoSlots & (kMaxMemoSlots - 1)) == 0, "slots are found by masking");
// A quarter full: each key that is not at home costs some 40 ns.
inline constexpr std::size_t kMemoSlotsPerPretoken = 4;
// The largest table forgets all when it is half full.
inline constexpr std::size_t kMinFreeShare = 2;
inline constexpr std::size_t kMaxProbe = 16;
// Ids of short pretokens that have more than four: 8 MB.
inline constexpr std::size_t kMaxSideIds = std::size_t{1} << 21;

// How many different pretokens a text has: Heaps' law with the constants of English.
inline double expected_pretokens(std::size_t num_bytes) noexcept {
  return 3.45 * std::pow(static_cast<double>(num_bytes), 0.62);
}
// So many frozen pretokens are taken over for each that a text is expected to have: those that it
// does not have cost 10 ns, those that it does save 500.
inline constexpr double kFrozenShare = 1;
// The first that are taken over; from there on whenever twice as many bytes have been seen.
inline constexpr std::size_t kFirstFrozenAt = std::size_t{1} << 8;
// Who has encoded more than the text or the group of texts at hand, and so many bytes of it, goes
// on with that: 16 times as much is expected.
inline constexpr std::size_t kLooksAheadFrom = std::size_t{1} << 20;
inline constexpr std::size_t kLookAhead = 16;

// Longer pretokens than this are not remembered: they hardly repeat.
inline constexpr std::size_t kMaxMemoBytes = 128;
// Pretokens of 16 to kMaxMemoBytes bytes with their ids: 32 MB, in 4-byte words.
inline constexpr std::size_t kMaxLongMemoWords = std::size_t{1} << 23;
// The first thousand words are enough for short texts; then all room is taken, of which the system
// gives only what is written to.
inline constexpr std::size_t kFirstLongWords = std::size_t{1} << 10;
inline constexpr std::size_t kFirstLongSlots = std::size_t{1} << 8;
inline constexpr std::size_t kLongMemoGrowth = 8;

}  // namespace bpe
