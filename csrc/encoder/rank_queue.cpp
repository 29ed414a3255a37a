// The lists, the two heaps, and the table that finds a rank's list.
#include "encoder/rank_queue.h"

#include <algorithm>
#include <functional>

#include "vocab/hash.h"

namespace bpe {
namespace {

// What is kept from one pretoken to the next.
constexpr std::size_t kKeptLinks = 8192;
constexpr std::size_t kFirstIndex = 256;

std::uint64_t packed(std::uint32_t high, std::uint32_t low) noexcept {
  return static_cast<std::uint64_t>(high) << 32 | low;
}

void push_smallest_first(std::vector<std::uint64_t>& heap, std::uint64_t value) {
  heap.push_back(value);
  std::push_heap(heap.begin(), heap.end(), std::greater<>());
}

void pop_smallest(std::vector<std::uint64_t>& heap) {
  std::pop_heap(heap.begin(), heap.end(), std::greater<>());
  heap.pop_back();
}

}  // namespace

void RankQueue::push(Entry entry) {
  if (!uses_lists_) return push_smallest_first(late_, packed(entry.rank, entry.position));
  const std::uint32_t index = list_of(entry.rank);
  List& list = lists_[index];
  if (list.first == kNone) {
    list.first = list.last = take_link(entry.position);
    push_smallest_first(ranks_, packed(entry.rank, index));
  } else if (entry.position >= links_[list.last].position) {
    const std::uint32_t link = take_link(entry.position);
    links_[list.last].next = link;
    list.last = link;
  } else {
    push_smallest_first(late_, packed(entry.rank, entry.position));
  }
}

std::optional<RankQueue::Entry> RankQueue::pop() {
  if (ranks_.empty()) {
    if (late_.empty()) return std::nullopt;
    return pop_late();
  }
  if (late_.empty()) return pop_list();
  const List& list = lists_[static_cast<std::uint32_t>(ranks_.front())];
  const std::uint64_t first = packed(list.rank, links_[list.first].position);
  return late_.front() < first ? pop_late() : pop_list();
}

RankQueue::Entry RankQueue::pop_list() {
  List& list = lists_[static_cast<std::uint32_t>(ranks_.front())];
  const std::uint32_t link = list.first;
  const Entry entry{list.rank, links_[link].position};
  list.first = links_[link].next;
  links_[link].next = free_links_;
  free_links_ = link;
  if (list.first == kNone) pop_smallest(ranks_);
  return entry;
}

RankQueue::Entry RankQueue::pop_late() {
  const std::uint64_t entry = late_.front();
  pop_smallest(late_);
  return {static_cast<std::uint32_t>(entry >> 32), static_cast<std::uint32_t>(entry)};
}

std::uint32_t RankQueue::take_link(std::uint32_t position) {
  if (free_links_ == kNone) {
    links_.push_back({position, kNone});
    return static_cast<std::uint32_t>(links_.size() - 1);
  }
  const std::uint32_t link = free_links_;
  free_links_ = links_[link].next;
  links_[link] = {position, kNone};
  return link;
}

std::uint32_t RankQueue::list_of(std::uint32_t rank) {
  if (2 * (lists_.size() + 1) > index_.size()) grow_index();
  const std::size_t mask = index_.size() - 1;
  for (std::size_t slot = hash_u64(rank) & mask;; slot = (slot + 1) & mask) {
    const std::uint32_t list = index_[slot];
    if (list == kNone) {
      index_[slot] = static_cast<std::uint32_t>(lists_.size());
      lists_.push_back({.rank = rank});
      return index_[slot];
    }
    if (lists_[list].rank == rank) return list;
  }
}

void RankQueue::grow_index() {
  index_.assign(std::max(kFirstIndex, 2 * index_.size()), kNone);
  const std::size_t mask = index_.size() - 1;
  for (std::uint32_t list = 0; list < lists_.size(); ++list) {
    std::size_t slot = hash_u64(lists_[list].rank) & mask;
    while (index_[slot] != kNone) slot = (slot + 1) & mask;
    index_[slot] = list;
  }
}

void RankQueue::reset() {
  for (const std::uint64_t entry : ranks_) lists_[static_cast<std::uint32_t>(entry)].first = kNone;
  ranks_.clear();
  late_.clear();
  links_.clear();
  free_links_ = kNone;
  if (links_.capacity() > kKeptLinks) std::vector<Link>().swap(links_);
  if (late_.capacity() > kKeptLinks) std::vector<std::uint64_t>().swap(late_);
}

}  // namespace bpe
