// The special tokens of one vocabulary, and searches for any chosen few of them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vocab/special_finder.h"
#include "vocab/token_table.h"

namespace bpe {

// Safe to share: immutable but for a small list of the finders that were asked for last.
class SpecialTokens {
 public:
  // Throws Error(special_token) when two tokens have the same bytes.
  explicit SpecialTokens(std::span<const IdAndBytes> tokens);

  // A finder for these ids only; ids may repeat. The same ids again cost O(number of ids), new ones
  // the building of a finder. Throws Error(special_token) naming an id that is no special token.
  std::shared_ptr<const SpecialFinder> finder(std::vector<std::uint32_t> ids) const;

  const TokenTable& tokens() const noexcept { return tokens_; }

 private:
  struct Cached {
    std::vector<std::uint32_t> ids;
    std::shared_ptr<const SpecialFinder> finder;
  };

  std::shared_ptr<const SpecialFinder> find_cached(const std::vector<std::uint32_t>& ids) const;
  std::shared_ptr<const SpecialFinder> build(const std::vector<std::uint32_t>& ids) const;

  TokenTable tokens_;
  mutable std::mutex mutex_;
  mutable std::vector<Cached> cache_;  // the most recent last
};

}  // namespace bpe
