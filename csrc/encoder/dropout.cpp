// The candidates of a pretoken in order, the first that is not dropped is merged.
#include "encoder/dropout.h"

#include <array>
#include <set>
#include <utility>
#include <vector>

namespace bpe {
namespace {

constexpr std::uint32_t kNoNode = 0xFFFFFFFF;
constexpr std::size_t kStepsBetweenChecks = std::size_t{1} << 12;

// One pretoken: its tokens as a linked list (a token lies where its first byte lies), and the
// merges that are possible now, by rank and then by place.
class Pretoken {
 public:
  Pretoken(const Vocabulary& vocabulary, std::string_view bytes) : vocabulary_(vocabulary) {
    nodes_.reserve(bytes.size());
    for (std::uint32_t at = 0; at < bytes.size(); ++at) {
      const std::uint32_t id = vocabulary.byte_ids[static_cast<unsigned char>(bytes[at])];
      const bool is_last = at + 1 == bytes.size();
      nodes_.push_back({id, at == 0 ? kNoNode : at - 1, is_last ? kNoNode : at + 1, {}});
    }
    for (std::uint32_t at = 0; at < bytes.size(); ++at) add_candidate(at);
  }

  void merge_all(Dropout& dropout, const Progress& progress) {
    std::size_t steps = 0;
    for (auto candidate = candidates_.begin(); candidate != candidates_.end();) {
      if (++steps % kStepsBetweenChecks == 0) progress.check();
      if (dropout.drops()) {
        ++candidate;
        continue;
      }
      merge_with_next(candidate->second);
      candidate = candidates_.begin();  // all others get their chance again
    }
  }

  void append_ids(IdBuffer& out) const {
    for (std::uint32_t at = 0; at != kNoNode; at = nodes_[at].next) out.push_back(nodes_[at].id);
  }

 private:
  struct Node {
    std::uint32_t id, previous, next;
    Merge merge;  // with the next
  };

  void add_candidate(std::uint32_t at) {
    Node& node = nodes_[at];
    node.merge =
        node.next == kNoNode ? Merge{} : vocabulary_.merges.find(node.id, nodes_[node.next].id);
    if (node.merge.rank != kNoRank) candidates_.emplace(node.merge.rank, at);
  }

  void remove_candidate(std::uint32_t at) {
    if (nodes_[at].merge.rank != kNoRank) candidates_.erase({nodes_[at].merge.rank, at});
  }

  void merge_with_next(std::uint32_t at) {
    Node& node = nodes_[at];
    const std::uint32_t swallowed = node.next;
    const std::uint32_t new_id = node.merge.new_id;
    remove_candidate(at);
    remove_candidate(swallowed);
    node.id = new_id;
    node.next = nodes_[swallowed].next;
    if (node.next != kNoNode) nodes_[node.next].previous = at;
    if (node.previous != kNoNode) {
      remove_candidate(node.previous);
      add_candidate(node.previous);
    }
    add_candidate(at);
  }

  const Vocabulary& vocabulary_;
  std::vector<Node> nodes_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> candidates_;
};

void encode_ordinary(PatternId pattern, const Vocabulary& vocabulary, std::string_view text,
                     Dropout& dropout, IdBuffer& out, const Progress& progress) {
  Scanner scanner(pattern, text);
  std::array<EndOffset, 4 * kMaxStepEnds> ends;
  std::size_t begin = 0;
  while (const std::size_t count = scanner.fill(ends)) {
    const std::size_t base = begin;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t end = i + 1 == count ? scanner.position() : base + ends[i];
      encode_pretoken_with_dropout(vocabulary, text.substr(begin, end - begin), dropout, out,
                                   progress);
      begin = end;
    }
    progress.check();
  }
}

}  // namespace

void encode_pretoken_with_dropout(const Vocabulary& vocabulary, std::string_view pretoken,
                                  Dropout& dropout, IdBuffer& out, const Progress& progress) {
  if (pretoken.empty()) return;
  if (vocabulary.whole_pretoken_first) {
    const auto id = vocabulary.tokens.find(pretoken);
    if (id && !dropout.drops()) return out.push_back(*id);
  }
  Pretoken merged(vocabulary, pretoken);
  merged.merge_all(dropout, progress);
  merged.append_ids(out);
}

void encode_with_dropout(PatternId pattern, const Vocabulary& vocabulary, std::string_view text,
                         const SpecialFinder& specials, Dropout& dropout, IdBuffer& out,
                         const Progress& progress) {
  std::size_t begin = 0;
  for (const SpecialMatch& match : specials.find_all(text)) {
    encode_ordinary(pattern, vocabulary, text.substr(begin, match.begin - begin), dropout, out,
                    progress);
    out.push_back(match.id);
    begin = match.begin + match.length;
  }
  encode_ordinary(pattern, vocabulary, text.substr(begin), dropout, out, progress);
}

}  // namespace bpe
