// Reading ranked tokens, and finding their merges.
#include "vocab/ranked_tokens.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <string>

#include "base/threads.h"
#include "vocab/hash.h"

namespace bpe {
namespace {

// Bytes of a line in the published files, or a little less.
constexpr std::size_t kUsualLine = 16;

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kBase64 = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  std::uint8_t value = 0;
  for (char c = 'A'; c <= 'Z'; ++c) values[static_cast<unsigned char>(c)] = value++;
  for (char c = 'a'; c <= 'z'; ++c) values[static_cast<unsigned char>(c)] = value++;
  for (char c = '0'; c <= '9'; ++c) values[static_cast<unsigned char>(c)] = value++;
  values['+'] = value++;
  values['/'] = value++;
  return values;
}();

// Reads from the front of a text; every function says false where the text is something else.
class Reader {
 public:
  explicit Reader(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool done() const { return at_ == end_; }

  // Groups of four digits, of which the last may be filled up with one or two '='.
  bool read_base64(std::string& bytes) {
    while (end_ - at_ >= 4 && at_[0] != ' ') {
      const std::uint8_t a = value(0), b = value(1), c = value(2), d = value(3);
      if ((a | b | c | d) < 64) [[likely]] {
        const char group[] = {static_cast<char>(a << 2 | b >> 4),
                              static_cast<char>(b << 4 | c >> 2), static_cast<char>(c << 6 | d)};
        bytes.append(group, 3);
        at_ += 4;
        continue;
      }
      if ((a | b) >= 64 || at_[3] != '=' || (c >= 64 && at_[2] != '=')) return false;
      bytes.push_back(static_cast<char>(a << 2 | b >> 4));
      if (c < 64) bytes.push_back(static_cast<char>(b << 4 | c >> 2));
      at_ += 4;
      break;
    }
    return at_ != end_ && *at_++ == ' ';
  }

  // A number without leading zeros, at most kMaxId, and the end of its line.
  bool read_id(std::uint32_t& id) {
    const char* const first = at_;
    std::uint64_t number = 0;
    for (; at_ != end_ && '0' <= *at_ && *at_ <= '9'; ++at_) {
      number = 10 * number + static_cast<std::uint64_t>(*at_ - '0');
      if (number > kMaxId) return false;
    }
    if (at_ == first || (*first == '0' && at_ - first > 1)) return false;
    if (at_ != end_ && *at_++ != '\n') return false;
    id = static_cast<std::uint32_t>(number);
    return true;
  }

 private:
  std::uint8_t value(int i) const { return kBase64[static_cast<unsigned char>(at_[i])]; }

  const char* at_;
  const char* end_;
};

// Says of most bytes that are no token that they are none, without touching the large table.
class TokenFilter {
 public:
  explicit TokenFilter(const TokenTable& tokens) : bits_(kBits / 64) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::uint64_t bit = place(hash_token_unchecked(tokens.at(i)));
      bits_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
  std::uint64_t may_contain(std::uint64_t hash) const noexcept {
    const std::uint64_t bit = place(hash);
    return bits_[bit / 64] >> (bit % 64) & 1;
  }

 private:
  // 512 KB: one bit in twenty is set for 200,000 tokens, and the second-level cache holds them.
  static constexpr std::size_t kBits = std::size_t{1} << 22;

  // The hash of a short token has 32 bits, of which the upper are the better ones.
  static std::uint64_t place(std::uint64_t hash) noexcept {
    return (hash ^ hash >> 10) & (kBits - 1);
  }

  std::vector<std::uint64_t> bits_;
};

constexpr std::uint32_t kNone = 0xFFFFFFFF;

// Of every token the longest proper prefix and the longest proper suffix that are tokens, as
// indices. All others follow from these: they are prefixes of the prefix, suffixes of the suffix.
struct Parts {
  std::vector<std::uint32_t> prefix, suffix;

  explicit Parts(const TokenTable& tokens) : prefix(tokens.size()), suffix(tokens.size()) {
    const TokenFilter filter(tokens);
    // Only lengths that tokens have: one token of a megabyte is no trap then.
    const std::vector<std::size_t> lengths = lengths_of(tokens);
    const auto find_all = [&](std::vector<std::uint32_t>& longest, auto&& part) {
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        longest[i] = find_longest(tokens, filter, lengths, tokens.at(i), part);
      }
    };
    // Two halves that have nothing to do with each other, each of them misses of the cache.
    std::atomic<int> next{0};
    Progress unwatched;
    run_in_threads(2, unwatched, [&](std::size_t) {
      for (int half; (half = next.fetch_add(1)) < 2;) {
        if (half == 0) {
          find_all(prefix, [](std::string_view token, std::size_t length) {
            return token.substr(0, length);
          });
        } else {
          find_all(suffix, [](std::string_view token, std::size_t length) {
            return token.substr(token.size() - length);
          });
        }
      }
    });
  }

 private:
  template <class Part>
  static std::uint32_t find_longest(const TokenTable& tokens, const TokenFilter& filter,
                                    std::span<const std::size_t> lengths, std::string_view token,
                                    Part&& part) {
    const auto shorter = std::lower_bound(lengths.begin(), lengths.end(), token.size());
    for (auto length = shorter; length != lengths.begin();) {
      const std::string_view bytes = part(token, *--length);
      const std::uint64_t hash = hash_token_unchecked(bytes);
      if (!filter.may_contain(hash)) continue;
      if (const auto found = tokens.find_index(bytes, hash)) return *found;
    }
    return kNone;
  }

  static std::vector<std::size_t> lengths_of(const TokenTable& tokens) {
    std::vector<bool> occurs(tokens.longest() + 1);
    for (std::size_t i = 0; i < tokens.size(); ++i) occurs[tokens.at(i).size()] = true;
    std::vector<std::size_t> lengths;
    for (std::size_t length = 1; length < occurs.size(); ++length) {
      if (occurs[length]) lengths.push_back(length);
    }
    return lengths;
  }
};

}  // namespace

std::optional<TokenTable> read_ranked_tokens(std::string_view lines) {
  std::string bytes;
  bytes.reserve(lines.size());  // so that views of it stay where they are
  std::vector<IdAndBytes> tokens;
  tokens.reserve(lines.size() / kUsualLine);
  Reader reader(lines);
  while (!reader.done()) {
    const std::size_t begin = bytes.size();
    std::uint32_t id = 0;
    if (!reader.read_base64(bytes) || !reader.read_id(id) || bytes.size() == begin) {
      return std::nullopt;
    }
    if (!tokens.empty() && tokens.back().first >= id) return std::nullopt;
    tokens.emplace_back(id, std::string_view(bytes).substr(begin));
  }
  TokenTable table(tokens);
  if (!can_be_ranked(table)) return std::nullopt;
  return table;
}

bool can_be_ranked(const TokenTable& tokens) {
  if (tokens.num_distinct() != tokens.size()) return false;
  for (int byte = 0; byte < 256; ++byte) {
    const char text = static_cast<char>(byte);
    if (!tokens.find({&text, 1})) return false;
  }
  return true;
}

// Prefixes from the shortest on and suffixes from the longest on meet where both make the token.
RankedMerges find_ranked_merges(const TokenTable& tokens) {
  const Parts parts(tokens);
  RankedMerges merges;
  for (auto* column : {&merges.left, &merges.right, &merges.new_id}) {
    column->reserve(3 * tokens.size());
  }
  std::vector<std::uint32_t> prefixes;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    prefixes.clear();
    for (std::uint32_t at = parts.prefix[i]; at != kNone; at = parts.prefix[at]) {
      prefixes.push_back(at);
    }
    std::uint32_t right = parts.suffix[i];
    for (auto left = prefixes.rbegin(); left != prefixes.rend(); ++left) {
      const std::size_t rest = tokens.at(i).size() - tokens.at(*left).size();
      while (right != kNone && tokens.at(right).size() > rest) right = parts.suffix[right];
      if (right == kNone) break;
      if (tokens.at(right).size() != rest) continue;
      merges.left.push_back(tokens.ids()[*left]);
      merges.right.push_back(tokens.ids()[right]);
      merges.new_id.push_back(tokens.ids()[i]);
    }
  }
  return merges;
}

}  // namespace bpe
