// The patterns by name, and the scanner of each.
#include "pretokenizer/pretokenizer.h"

#include <algorithm>
#include <array>

#include "pretokenizer/kernels.h"
#include "pretokenizer/superwords.h"

namespace bpe {
namespace {

constexpr std::array<std::string_view, kNumPatterns> kNames = {
    "", "gpt2", "cl100k", "llama3", "o200k", "qwen2", "nanochat"};

constexpr std::string_view kSuperwords = " superwords";

}  // namespace

std::span<const std::string_view> pattern_names() { return kNames; }

std::optional<PatternId> pattern_by_name(std::string_view name) {
  const bool is_joined = name.ends_with(kSuperwords);
  if (is_joined) name.remove_suffix(kSuperwords.size());
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end() || (is_joined && name.empty())) return std::nullopt;
  const auto pattern = static_cast<PatternId>(found - kNames.begin());
  return is_joined ? superwords(pattern) : pattern;
}

Scanner::Scanner(PatternId pattern, std::string_view text)
    : Scanner(pattern, text, active_kernel()) {}

Scanner::Scanner(PatternId pattern, std::string_view text, const Kernel& kernel)
    : pattern_(pattern),
      fill_(kernel.fill[static_cast<std::size_t>(words_of(pattern))]),
      text_(text) {}

std::size_t Scanner::fill_joined(std::span<EndOffset> ends) {
  return fill_superwords(fill_, words_of(pattern_) == PatternId::o200k, text_, position_, ends);
}

}  // namespace bpe
