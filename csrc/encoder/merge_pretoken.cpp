// Merging the bytes of one pretoken: which way, and the one by queue.
#include "encoder/merge_pretoken.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace bpe {
namespace {

constexpr std::uint32_t kNoNode = 0xFFFFFFFF;
// Memory for pretokens up to this size is kept: 20 bytes for each.
constexpr std::size_t kKeptNodes = 4096;
// About a millisecond.
constexpr std::size_t kStepsBetweenChecks = std::size_t{1} << 14;

}  // namespace

void PretokenMerger::encode(std::string_view pretoken, IdBuffer& out, const Progress& progress) {
  if (vocabulary_.whole_pretoken_first) {
    if (const auto id = vocabulary_.tokens.find(pretoken)) return out.push_back(*id);
  }
  merge(pretoken, out, progress);
}

std::span<const std::uint32_t> PretokenMerger::encode_short(std::string_view bytes, bool piece) {
  if (vocabulary_.whole_pretoken_first && !piece) {
    if (const auto id = vocabulary_.tokens.find(bytes)) {
      whole_ = *id;
      return {&whole_, 1};
    }
  }
  return scan_.merge(bytes);
}

void PretokenMerger::merge(std::string_view bytes, IdBuffer& out, const Progress& progress) {
  if (bytes.size() <= kMaxOneScan) return out.append(scan_.merge(bytes));
  if (!windows_.merge(bytes, out, progress)) merge_by_queue(bytes, out, progress);
}

void PretokenMerger::merge_by_queue(std::string_view pretoken, IdBuffer& out,
                                    const Progress& progress) {
  if (pretoken.size() >= kNoNode) {
    throw std::invalid_argument("a pretoken of " + std::to_string(pretoken.size()) +
                                " bytes is too long; the limit is 4294967294");
  }
  const GiveBackOnExit give_back{*this};
  link(pretoken, progress);
  merge_all(progress);
  append_ids(out, progress);
}

void PretokenMerger::append_ids(IdBuffer& out, const Progress& progress) const {
  std::size_t step = 0;
  for (std::uint32_t at = 0; at != kNoNode; at = nodes_[at].next) {
    if (++step % kStepsBetweenChecks == 0) progress.check();
    out.push_back(nodes_[at].id);
  }
}

void PretokenMerger::merge_all(const Progress& progress) {
  for (std::size_t step = 1; const auto entry = queue_.pop(); ++step) {
    if (step % kStepsBetweenChecks == 0) progress.check();
    // An entry that is out of date names a rank that its position no longer has.
    if (nodes_[entry->position].merge.rank == entry->rank) merge_with_next(entry->position);
  }
}

// Everything that takes time per byte is inside loops that look at `progress`: a resize() of a
// gigabyte would not.
void PretokenMerger::link(std::string_view pretoken, const Progress& progress) {
  const auto count = static_cast<std::uint32_t>(pretoken.size());
  nodes_.clear();
  nodes_.reserve(count);
  queue_.expect(count);
  std::uint32_t next_id = vocabulary_.byte_ids[static_cast<unsigned char>(pretoken[0])];
  for (std::uint32_t at = 0; at + 1 < count; ++at) {
    if (at % kStepsBetweenChecks == 0) progress.check();
    const std::uint32_t id = next_id;
    next_id = vocabulary_.byte_ids[static_cast<unsigned char>(pretoken[at + 1])];
    nodes_.push_back({id, at - 1, at + 1, vocabulary_.merges.find(id, next_id)});
    push(at);
  }
  nodes_.push_back({next_id, count - 2, kNoNode, {}});
  nodes_.front().previous = kNoNode;
}

void PretokenMerger::merge_with_next(std::uint32_t at) {
  Node& node = nodes_[at];
  Node& gone = nodes_[node.next];
  node.id = node.merge.new_id;
  node.next = gone.next;
  gone.merge.rank = kNoRank;  // makes all its entries out of date
  if (node.next != kNoNode) nodes_[node.next].previous = at;
  update(at);
  if (node.previous != kNoNode) update(node.previous);
}

// Looks the merge of a node and its new neighbour up, and queues it.
void PretokenMerger::update(std::uint32_t at) {
  Node& node = nodes_[at];
  node.merge =
      node.next == kNoNode ? Merge{} : vocabulary_.merges.find(node.id, nodes_[node.next].id);
  push(at);
}

void PretokenMerger::push(std::uint32_t at) {
  const std::uint32_t rank = nodes_[at].merge.rank;
  if (rank != kNoRank) queue_.push({rank, at});
}

void PretokenMerger::give_back() {
  if (nodes_.capacity() > kKeptNodes) std::vector<Node>().swap(nodes_);
  queue_.reset();
}

}  // namespace bpe
