// The table of all pretokens: checks the total, then hands each pretoken to its half.
#include "counting/count_table.h"

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/pretoken_key.h"
#include "counting/join_tables.h"
#include "counting/quoted.h"

namespace bpe {
namespace {

constexpr std::size_t kMergeBatch = 64;

std::pair<std::string_view, std::uint64_t> most_frequent(const CountTable& table) {
  std::pair<std::string_view, std::uint64_t> best;
  table.for_each([&](std::string_view pretoken, std::uint64_t count) {
    const bool is_first = count == best.second && pretoken < best.first;
    if (count > best.second || is_first) best = {pretoken, count};
  });
  return best;
}

std::string_view first_of(const KeyBatch& batch, std::span<const LongSlot> longs) {
  return longs.empty() ? key_bytes(batch.keys().front()) : longs.front().bytes();
}

}  // namespace

std::uint64_t CountTable::count(std::string_view pretoken) const noexcept {
  if (pretoken.empty()) return 0;
  if (pretoken.size() > kMaxKeyBytes) return long_.count(pretoken);
  return short_.count(make_key(pretoken.data(), pretoken.size()));
}

void CountTable::reserve(std::size_t num_pretokens) {
  if (num_pretokens > short_.size()) short_.make_room(num_pretokens - short_.size());
}

void CountTable::add(std::string_view pretoken, std::uint64_t count) {
  if (pretoken.empty()) throw Error(ErrorKind::training, "a pretoken must not be empty");
  check_total(count, pretoken);
  if (pretoken.size() > kMaxKeyBytes) {
    long_.make_room(1);
    long_.add(make_long_slot(pretoken, count));
  } else {
    short_.make_room(1);
    short_.add(make_key(pretoken.data(), pretoken.size()), count);
  }
  total_ += count;
}

void CountTable::prefetch(std::string_view pretoken) const noexcept {
  if (pretoken.size() > kMaxKeyBytes) return long_.prefetch_slot(make_long_slot(pretoken, 0));
  const SlotIndex index = short_.index();
  if (index.slots == nullptr) return;
  index.prefetch(index.home_of(hash_key(make_key(pretoken.data(), pretoken.size()))));
}

void CountTable::merge(const CountTable& other) {
  if (other.total_ > kMaxTotalCount - total_) check_total(other.total_, most_frequent(other).first);
  merge_shorts(other.short_);
  merge_longs(other.long_);
}

void CountTable::add_times(const CountTable& other, std::uint64_t times) {
  const std::uint64_t most = kMaxTotalCount / times;
  // Too much by itself is shown as the most there can be, so that the product cannot overflow.
  const std::uint64_t added = other.total_ > most ? kMaxTotalCount + 1 : other.total_ * times;
  check_total(added, most_frequent(other).first);
  other.for_each(
      [&](std::string_view pretoken, std::uint64_t count) { add(pretoken, count * times); });
}

void CountTable::join(std::span<CountTable> others, std::size_t num_threads, Progress& progress) {
  std::vector<SlotTable<ShortSlot>*> shorts;
  std::vector<SlotTable<LongSlot>*> longs;
  for (CountTable& other : others) {
    if (other.total_ > kMaxTotalCount - total_) {
      check_total(other.total_, most_frequent(other).first);
    }
    total_ += other.total_;
    shorts.push_back(&other.short_.table());
    longs.push_back(&other.long_.table());
  }
  join_tables<ShortSlot>(short_.table(), shorts, num_threads, progress);
  join_tables<LongSlot>(long_.table(), longs, num_threads, progress);
  for (CountTable& other : others) {
    long_.take_bytes_of(other.long_);
    other = CountTable();
  }
}

void CountTable::merge_shorts(const ShortTable& other) {
  // The tables share most of their pretokens, so room for the larger one is nearly always enough.
  if (other.size() > short_.size()) short_.make_room(other.size() - short_.size());
  other.for_each([&](const PretokenKey& key, std::uint64_t count) {
    short_.make_room(1);
    short_.add(key, count);
    total_ += count;
  });
}

void CountTable::merge_longs(const LongTable& other) {
  std::array<LongSlot, kMergeBatch> entries;
  std::size_t num_entries = 0;
  const auto flush = [&] {
    long_.make_room(num_entries);
    for (const LongSlot& entry : std::span(entries).first(num_entries)) {
      long_.prefetch_bytes(entry);
    }
    for (const LongSlot& entry : std::span(entries).first(num_entries)) {
      long_.add(entry);
      total_ += entry.count;
    }
    num_entries = 0;
  };
  other.for_each([&](const LongSlot& entry) {
    __builtin_prefetch(entry.data);
    entries[num_entries++] = entry;
    if (num_entries == kMergeBatch) flush();
  });
  flush();
}

void CountTable::count_batch(const KeyBatch& batch, std::span<const LongSlot> longs) {
  if (batch.size() > kMaxTotalCount - total_) check_total(batch.size(), first_of(batch, longs));
  long_.make_room(longs.size());
  for (const LongSlot& entry : longs) long_.prefetch_bytes(entry);
  short_.count(batch);
  for (const LongSlot& entry : longs) long_.add(entry);
  total_ += batch.size();
}

void CountTable::check_total(std::uint64_t count, std::string_view pretoken) const {
  if (count <= kMaxTotalCount - total_) return;
  throw Error(ErrorKind::training, "the counts would sum to more than 2^63 - 1: adding " +
                                       std::to_string(count) + " (pretoken " + quoted(pretoken) +
                                       ") to a total of " + std::to_string(total_) +
                                       "; scale the counts down");
}

}  // namespace bpe
