#include "trainer/token_filter.h"

#include <algorithm>

namespace bpe {

TokenFilter::TokenFilter(const std::vector<std::string>& known,
                         const std::vector<std::string>& forbidden, std::uint64_t max_words)
    : max_words_(max_words) {
  for (const auto* tokens : {&known, &forbidden}) {
    refused_.insert(tokens->begin(), tokens->end());
    for (const std::string& token : *tokens) {
      longest_refused_ = std::max(longest_refused_, token.size());
    }
  }
}

bool TokenFilter::refuses(std::string_view left, std::string_view right) const {
  const bool may_be_refused = left.size() + right.size() <= longest_refused_;
  if (!may_be_refused && max_words_ == kNoLimit) return false;
  std::string token;
  token.reserve(left.size() + right.size());
  token.append(left).append(right);
  return (may_be_refused && refused_.contains(token)) || num_words(token) > max_words_;
}

std::uint64_t num_words(std::string_view token) noexcept {
  std::uint64_t words = 0;
  bool inside = false;
  for (const char byte : token) {
    const bool is_space = byte == ' ' || (byte >= '\t' && byte <= '\r');
    words += !is_space && !inside;
    inside = !is_space;
  }
  return words;
}

}  // namespace bpe
