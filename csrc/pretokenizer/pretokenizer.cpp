// The patterns by name, and the scanner of each.
#include "pretokenizer/pretokenizer.h"

#include <algorithm>
#include <array>

#include "pretokenizer/scalar/machines.h"

namespace bpe {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"",      "gpt2",  "cl100k",  "llama3",
                                                    "o200k", "qwen2", "nanochat"};

using EndFunction = std::size_t (*)(std::string_view text, std::size_t begin) noexcept;

// A scalar machine, called once per pretoken.
template <EndFunction end_of>
std::size_t fill_scalar(std::string_view text, std::size_t& position, std::span<std::size_t> ends) {
  std::size_t count = 0;
  while (count < ends.size() && position < text.size()) {
    position = end_of(text, position);
    ends[count++] = position;
  }
  return count;
}

std::size_t whole_end(std::string_view text, std::size_t) noexcept { return text.size(); }

template <const scalar::Cl100kRules& rules>
std::size_t cl100k_family_end(std::string_view text, std::size_t begin) noexcept {
  return scalar::cl100k_end(text, begin, rules);
}

// In the order of PatternId.
constexpr std::array<FillFunction, kNames.size()> kFillFunctions = {
    fill_scalar<whole_end>,
    fill_scalar<scalar::gpt2_end>,
    fill_scalar<cl100k_family_end<scalar::kCl100k>>,
    fill_scalar<cl100k_family_end<scalar::kLlama3>>,
    fill_scalar<scalar::o200k_end>,
    fill_scalar<cl100k_family_end<scalar::kQwen2>>,
    fill_scalar<cl100k_family_end<scalar::kNanochat>>,
};

}  // namespace

std::span<const std::string_view> pattern_names() { return kNames; }

std::optional<PatternId> pattern_by_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<PatternId>(found - kNames.begin());
}

Scanner::Scanner(PatternId pattern, std::string_view text)
    : fill_(kFillFunctions[static_cast<std::size_t>(pattern)]), text_(text) {}

}  // namespace bpe
