// Finds special tokens in a text: leftmost first, of those that begin there the
// longest.
//
// An Aho-Corasick automaton over the *reversed* tokens reads the text from its
// end. After the byte at offset i it knows the longest token that begins at i,
// so one backward pass finds them all and a forward pass over the finds keeps
// the leftmost that do not overlap. That is linear for any tokens: no candidate
// is ever tried twice, as a forward search must when one token is a prefix of
// another.
//
// States are numbered level by level with the children of a state side by side:
//
//   tokens  <a>  <b>         0 ──'>'── 1 ──'a'── 2 ──'<'── 4 = <a>
//                                      └───'b'── 3 ──'<'── 5 = <b>
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vocab/token_table.h"

namespace bpe {

struct SpecialMatch {
  std::size_t begin;
  std::size_t length;
  std::uint32_t id;
};

// The two last bytes of a token: rare in any text, while the last one alone may
// be common in some.
struct SpecialEnd {
  char before, last;
  bool operator==(const SpecialEnd&) const = default;
};

// Immutable, safe to share. Memory: some 20 bytes for each byte of the tokens.
class SpecialFinder {
 public:
  // The tokens are distinct and not empty. O(total bytes * log of their
  // number).
  explicit SpecialFinder(std::span<const IdAndBytes> tokens);

  // All matches, in the order of the text, without overlap. O(text + matches),
  // amortised.
  std::vector<SpecialMatch> find_all(std::string_view text) const;

  // The first of them.
  std::optional<SpecialMatch> find_first(std::string_view text) const;

  bool empty() const noexcept { return tokens_.empty(); }

 private:
  struct State {
    std::uint32_t first_child = 0;
    std::uint32_t num_children = 0;
    std::uint32_t failure = 0;  // the longest proper suffix of this state's path that is a state
    std::uint32_t match = 0;    // 1 + index of the longest token that ends the path; 0: none
  };
  struct Token {
    std::uint32_t length;
    std::uint32_t id;
  };

  void find_ends(std::span<const std::string> reversed);
  void build_trie(std::span<const std::string> reversed);
  void link_failures();
  std::uint32_t child(std::uint32_t state, unsigned char byte) const noexcept;
  std::uint32_t step(std::uint32_t state, unsigned char byte) const noexcept;
  std::size_t skip_back(std::string_view text, std::size_t end) const noexcept;

  // Calls found(begin, token index) for every offset at which a token begins,
  // from the last on.
  template <class Found>
  void scan_back(std::string_view text, Found&& found) const;

  std::vector<Token> tokens_;
  std::vector<State> states_;
  std::vector<unsigned char> labels_;     // the byte that leads to a state
  std::array<bool, 256> is_last_byte_{};  // whether a token ends with this byte
  std::vector<SpecialEnd> ends_;          // distinct; none when they are many, or a token is short
};

}  // namespace bpe
