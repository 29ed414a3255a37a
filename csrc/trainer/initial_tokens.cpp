#include "trainer/initial_tokens.h"

#include <string_view>
#include <unordered_map>

#include "base/errors.h"
#include "vocab/hash.h"

namespace bpe {
namespace {

// Thirty doublings make a gigabyte, and every token is spelled out; real vocabularies hold a few
// MB.
constexpr std::size_t kMaxTotalBytes = std::size_t{1} << 26;

[[noreturn]] void reject(std::size_t index, const IdPair& pair, const std::string& reason) {
  throw Error(ErrorKind::training, "initial pair " + std::to_string(index) + ", (" +
                                       std::to_string(pair.first) + ", " +
                                       std::to_string(pair.second) + "), " + reason);
}

}  // namespace

std::vector<std::string> initial_tokens(const std::vector<IdPair>& initial_pairs) {
  std::vector<std::string> tokens;
  tokens.reserve(256 + initial_pairs.size());  // the views below must not move
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));

  std::unordered_map<std::string_view, std::size_t, SecretHash> token_to_id;
  std::size_t total = 0;
  for (std::size_t index = 0; index < initial_pairs.size(); ++index) {
    const IdPair& pair = initial_pairs[index];
    for (const std::uint32_t id : {pair.first, pair.second}) {
      if (id < tokens.size()) continue;
      reject(index, pair,
             "names id " + std::to_string(id) + "; only the ids below " +
                 std::to_string(tokens.size()) + " exist there");
    }
    total += tokens[pair.first].size() + tokens[pair.second].size();
    if (total > kMaxTotalBytes) {
      reject(index, pair,
             "makes the initial tokens longer than " + std::to_string(kMaxTotalBytes) +
                 " bytes in all; start from fewer");
    }
    tokens.push_back(tokens[pair.first] + tokens[pair.second]);
    const auto [known, is_new] = token_to_id.emplace(tokens.back(), tokens.size() - 1);
    if (!is_new) {
      reject(index, pair,
             "makes the bytes of token " + std::to_string(known->second) +
                 " again; a token can be made only once");
    }
  }
  tokens.erase(tokens.begin(), tokens.begin() + 256);
  return tokens;
}

}  // namespace bpe
