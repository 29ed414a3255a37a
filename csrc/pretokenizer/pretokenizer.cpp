// The patterns by name, and the scanner of each.
#include "pretokenizer/pretokenizer.h"

#include <algorithm>
#include <array>

#include "pretokenizer/kernels.h"

namespace bpe {
namespace {

constexpr std::array<std::string_view, kNumPatterns> kNames = {
    "", "gpt2", "cl100k", "llama3", "o200k", "qwen2", "nanochat"};

}  // namespace

std::span<const std::string_view> pattern_names() { return kNames; }

std::optional<PatternId> pattern_by_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<PatternId>(found - kNames.begin());
}

Scanner::Scanner(PatternId pattern, std::string_view text)
    : Scanner(pattern, text, active_kernel()) {}

Scanner::Scanner(PatternId pattern, std::string_view text, const Kernel& kernel)
    : fill_(kernel.fill[static_cast<std::size_t>(pattern)]), text_(text) {}

}  // namespace bpe
