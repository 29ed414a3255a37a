// Keeping the finders for sets of special tokens.
#include "vocab/special_tokens.h"

#include <algorithm>
#include <string>

#include "base/errors.h"

namespace bpe {
namespace {

// One call asks for two sets, the disallowed and the allowed; two callers may take turns.
constexpr std::size_t kMaxCached = 4;

}  // namespace

SpecialTokens::SpecialTokens(std::span<const IdAndBytes> tokens) : tokens_(tokens) {
  for (const auto& [id, bytes] : tokens) {
    const std::uint32_t first_id = tokens_.find(bytes).value();
    if (first_id != id) {
      throw Error(ErrorKind::special_token, "special tokens " + std::to_string(first_id) + " and " +
                                                std::to_string(id) + " have the same bytes");
    }
  }
}

std::shared_ptr<const SpecialFinder> SpecialTokens::finder(std::vector<std::uint32_t> ids) const {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (auto cached = find_cached(ids)) return cached;
  // Built outside of the lock: nobody waits for a large set of somebody else.
  auto finder = build(ids);
  const std::lock_guard lock(mutex_);
  if (cache_.size() == kMaxCached) cache_.erase(cache_.begin());
  cache_.push_back({std::move(ids), finder});
  return finder;
}

std::shared_ptr<const SpecialFinder> SpecialTokens::find_cached(
    const std::vector<std::uint32_t>& ids) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(cache_.begin(), cache_.end(),
                                  [&](const Cached& cached) { return cached.ids == ids; });
  if (found == cache_.end()) return nullptr;
  std::rotate(found, found + 1, cache_.end());
  return cache_.back().finder;
}

std::shared_ptr<const SpecialFinder> SpecialTokens::build(
    const std::vector<std::uint32_t>& ids) const {
  std::vector<IdAndBytes> chosen;
  for (const std::uint32_t id : ids) {
    const std::string_view bytes = tokens_.bytes_of(id);
    if (bytes.data() == nullptr) {
      throw Error(ErrorKind::special_token,
                  "id " + std::to_string(id) + " is not a special token of this vocabulary");
    }
    chosen.emplace_back(id, bytes);
  }
  return std::make_shared<const SpecialFinder>(chosen);
}

}  // namespace bpe
