// How often the pretoken at a position occurs in the corpus.
//
// Pretokens lie sorted by count, largest first, so the count is a step function of the position
// with a few thousand steps. Positions come ascending, so a cursor answers nearly every question
// with one comparison; a directory with one entry per 64 cells finds its place after a jump.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace bpe {

class CountSteps {
 public:
  // Steps must be added by ascending start; the count holds until the next start.
  void add(std::uint32_t start, std::uint64_t count) {
    starts_.push_back(start);
    counts_.push_back(count);
  }

  // Call once, after the last add. `end` is the number of cells.
  void finish(std::uint32_t end) {
    starts_.push_back(std::numeric_limits<std::uint32_t>::max());
    block_to_step_.resize((end >> kBlockBits) + 1);
    if (counts_.empty()) return;  // there is no pair, so nobody will ask
    std::uint32_t step = 0;
    for (std::size_t block = 0; block < block_to_step_.size(); ++block) {
      while (starts_[step + 1] <= (block << kBlockBits)) ++step;
      block_to_step_[block] = step;
    }
  }

  std::size_t size() const noexcept { return counts_.size(); }
  std::uint32_t start(std::size_t step) const noexcept { return starts_[step]; }
  std::uint64_t count(std::size_t step) const noexcept { return counts_[step]; }

  // Valid while the steps are. Positions must be asked in ascending order.
  class Cursor {
   public:
    explicit Cursor(const CountSteps& steps) noexcept : steps_(&steps) {}

    std::uint64_t count_at(std::uint32_t position) noexcept {
      if (position >= next_start_) seek(position);
      return count_;
    }

   private:
    void seek(std::uint32_t position) noexcept {
      std::uint32_t step = steps_->block_to_step_[position >> kBlockBits];
      while (steps_->starts_[step + 1] <= position) ++step;
      count_ = steps_->counts_[step];
      next_start_ = steps_->starts_[step + 1];
    }

    const CountSteps* steps_;
    std::uint32_t next_start_ = 0;
    std::uint64_t count_ = 0;
  };

 private:
  static constexpr int kBlockBits = 6;

  std::vector<std::uint32_t> starts_;
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint32_t> block_to_step_;
};

}  // namespace bpe
