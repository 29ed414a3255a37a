// Which pairs are never merged, judged by the bytes of the token they would make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "vocab/hash.h"

namespace bpe {

class TokenFilter {
 public:
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  // The bytes of `known` and `forbidden` are never made again, and no token of more than
  // `max_words` words is. The lists must outlive the filter.
  TokenFilter(const std::vector<std::string>& known, const std::vector<std::string>& forbidden,
              std::uint64_t max_words);

  bool refuses_nothing() const noexcept { return refused_.empty() && max_words_ == kNoLimit; }

  // O(length of the token).
  bool refuses(std::string_view left, std::string_view right) const;

 private:
  std::unordered_set<std::string_view, SecretHash> refused_;
  std::size_t longest_refused_ = 0;
  std::uint64_t max_words_;
};

// The words of a token: its longest stretches of bytes that are not ASCII white space.
std::uint64_t num_words(std::string_view token) noexcept;

}  // namespace bpe
