// Runs one function for every index of a range on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>

#include "base/errors.h"
#include "base/threads.h"

namespace bpe {

// Throws what was caught again, with "document <index>: " before the message where it has one.
[[noreturn]] inline void rethrow_for_document(const std::exception_ptr& caught, std::size_t index) {
  const std::string place = "document " + std::to_string(index) + ": ";
  try {
    std::rethrow_exception(caught);
  } catch (const Error& error) {
    throw Error(error.kind(), place + error.what());
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(place + error.what());
  }
}

// Calls work(thread, index) for every index below `count`; threads take the next index from one
// counter. After a failure no new index is taken; when all threads have ended, the failure with the
// smallest index is thrown. The calling thread is thread 0 and works too; when the system refuses
// a thread, there are fewer.
template <class Work>
void share_work(std::size_t count, std::size_t num_threads, Work&& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  std::size_t failed_index = count;

  const auto run = [&](std::size_t thread) {
    for (std::size_t index; (index = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      try {
        work(thread, index);
      } catch (...) {
        next.store(count, std::memory_order_relaxed);
        const std::lock_guard lock(mutex);
        if (index < failed_index) {
          failed_index = index;
          failure = std::current_exception();
        }
      }
    }
  };

  {
    const Helpers helpers(std::min(num_threads, count), run);
    run(0);
  }
  if (failure) rethrow_for_document(failure, failed_index);
}

}  // namespace bpe
