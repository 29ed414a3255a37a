// Merging the bytes of one pretoken, the short way and the long way.
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

// The position of the smallest rank, the first among equals. The compiler makes moves, not jumps,
// of it: where the smallest stands cannot be predicted.
std::size_t position_of_smallest(const std::uint32_t* ranks, std::size_t count) noexcept {
  std::size_t best = 0;
  std::uint32_t smallest = ranks[0];
  for (std::size_t i = 1; i < count; ++i) {
    const bool smaller = ranks[i] < smallest;
    best = smaller ? i : best;
    smallest = smaller ? ranks[i] : smallest;
  }
  return best;
}

}  // namespace

void PretokenMerger::encode(std::string_view pretoken, IdBuffer& out, const Progress& progress) {
  if (vocabulary_.whole_pretoken_first) {
    if (const auto id = vocabulary_.tokens.find(pretoken)) return out.push_back(*id);
  }
  if (pretoken.size() <= kMaxScanBytes) {
    merge_by_scan(pretoken, out);
  } else {
    merge_by_queue(pretoken, out, progress);
  }
}

void PretokenMerger::merge_by_scan(std::string_view pretoken, IdBuffer& out) const {
  std::uint32_t ids[kMaxScanBytes];
  std::uint32_t ranks[kMaxScanBytes];  // of the merge of ids[i] and ids[i + 1]
  std::uint32_t new_ids[kMaxScanBytes];
  const auto look_up = [&](std::size_t i) {
    const Merge merge = vocabulary_.merges.find(ids[i], ids[i + 1]);
    ranks[i] = merge.rank;
    new_ids[i] = merge.new_id;
  };

  std::size_t count = pretoken.size();
  for (std::size_t i = 0; i < count; ++i) {
    ids[i] = vocabulary_.byte_ids[static_cast<unsigned char>(pretoken[i])];
  }
  for (std::size_t i = 0; i + 1 < count; ++i) look_up(i);
  while (count > 1) {
    const std::size_t at = position_of_smallest(ranks, count - 1);
    if (ranks[at] == kNoRank) break;
    ids[at] = new_ids[at];
    for (std::size_t i = at + 1; i + 1 < count; ++i) {
      ids[i] = ids[i + 1];
      ranks[i] = ranks[i + 1];
      new_ids[i] = new_ids[i + 1];
    }
    --count;
    if (at > 0) look_up(at - 1);
    if (at + 1 < count) look_up(at);
  }
  out.reserve_more(count);
  std::copy_n(ids, count, out.data() + out.size());
  out.set_size(out.size() + count);
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
