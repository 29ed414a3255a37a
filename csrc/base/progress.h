// How far a long computation is, and whether it should stop. Written by workers, read by the
// caller.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/errors.h"

namespace bpe {

class Progress {
 public:
  // `phase` must be a string literal: it is read from another thread.
  void start_phase(const char* phase, std::uint64_t total) noexcept {
    done_.store(0, std::memory_order_relaxed);
    total_.store(total, std::memory_order_relaxed);
    phase_.store(phase, std::memory_order_relaxed);
  }

  // Call about once per millisecond of work, not per item. Throws Cancelled when told to stop.
  void advance(std::uint64_t amount) {
    done_.fetch_add(amount, std::memory_order_relaxed);
    check();
  }

  void check() const {
    if (cancelled_.load(std::memory_order_relaxed)) throw Cancelled{};
  }

  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }

  const char* phase() const noexcept { return phase_.load(std::memory_order_relaxed); }
  std::uint64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }
  std::uint64_t total() const noexcept { return total_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> total_{0};
  std::atomic<const char*> phase_{""};
  std::atomic<bool> cancelled_{false};
};

}  // namespace bpe
