// The merges of a training that is still running, handed from its thread to one that watches it.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace bpe {

class MergeLog {
 public:
  using Pair = std::pair<std::uint32_t, std::uint32_t>;

  void add(Pair pair) {
    const std::lock_guard lock(mutex_);
    pairs_.push_back(pair);
  }

  // Those added since the last call, in their order.
  std::vector<Pair> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pairs_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Pair> pairs_;
};

}  // namespace bpe
