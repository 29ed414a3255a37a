// Encoding with BPE-dropout (arXiv 1910.13267): merges are left out by chance, the same ones for
// the same seed on every machine. Defined by bpe/reference/dropout.py.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/progress.h"
#include "encoder/id_buffer.h"
#include "pretokenizer/pretokenizer.h"
#include "vocab/special_finder.h"
#include "vocab/vocabulary.h"

namespace bpe {

// SplitMix64 (Steele, Lea, Flood 2014): one addition and a mixer a number.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  // A multiple of 2^-53 in [0, 1).
  double next_fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

// The chance that a merge is left out, and where the numbers come from.
struct Dropout {
  double probability;  // 0 to 1
  SplitMix64 random;

  bool drops() noexcept { return random.next_fraction() < probability; }
};

// Appends the ids of a text in which the tokens of `specials` become their ids. Expected time is
// O(n log n + n p / (1 - p)) for a pretoken of n bytes, at most O(n^2).
void encode_with_dropout(PatternId pattern, const Vocabulary& vocabulary, std::string_view text,
                         const SpecialFinder& specials, Dropout& dropout, IdBuffer& out,
                         const Progress& progress);

// The same for one pretoken that was split elsewhere.
void encode_pretoken_with_dropout(const Vocabulary& vocabulary, std::string_view pretoken,
                                  Dropout& dropout, IdBuffer& out, const Progress& progress);

}  // namespace bpe
