// Drawing the seed, before anything else runs.
#include "base/hash_seed.h"

#include <chrono>
#include <cstdlib>
#include <exception>
#include <random>

namespace bpe {
namespace {

// SplitMix64: all bits of what it gives depend on all bits of the state.
std::uint64_t next_random(std::uint64_t& state) noexcept {
  std::uint64_t value = state += 0x9E3779B97F4A7C15ull;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ value >> 27) * 0x94D049BB133111EBull;
  return value ^ value >> 31;
}

std::uint64_t state_of(const char* text) noexcept {
  std::uint64_t state = 0;
  for (; *text != '\0'; ++text) {
    state ^= static_cast<unsigned char>(*text);
    state = next_random(state);
  }
  return state;
}

// A system without random numbers has a clock, and lays its memory out by chance.
std::uint64_t random_u64(std::uint64_t& state) noexcept {
  try {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  } catch (const std::exception&) {
    state ^= static_cast<std::uint64_t>(
        std::chrono::high_resolution_clock::now().time_since_epoch().count());
    state ^= reinterpret_cast<std::uintptr_t>(&state);
    return next_random(state);
  }
}

HashSeed draw() noexcept {
  const char* fixed = std::getenv("BPE_HASH_SEED");
  const bool is_fixed = fixed != nullptr && *fixed != '\0';
  std::uint64_t state = is_fixed ? state_of(fixed) : 0;
  const auto draw_one = [&] { return is_fixed ? next_random(state) : random_u64(state); };
  HashSeed seed{};
  seed.key_low = draw_one() | 0xFF000000'0000FF00ull;
  seed.key_high = draw_one() | 0xFF000000'00FF0000ull;
  seed.bytes_first = draw_one();
  seed.bytes_second = draw_one();
  seed.multiplier = draw_one() | 1;
  return seed;
}

}  // namespace

const HashSeed kHashSeed = draw();

}  // namespace bpe
