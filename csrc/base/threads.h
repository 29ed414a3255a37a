// Several threads on one load, ended together.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/progress.h"
#include "base/start_thread.h"

namespace bpe {

// Calls work(0), ..., work(num_threads - 1), the first in this thread, each other in its own, and
// returns when all have ended. When one throws, the others are told to stop through `progress`, and
// its exception is thrown here. When the system refuses a thread, fewer calls are made: the load
// must be one that the calls share (a queue), so that any number of them, one at least, does all of
// it.
template <class Work>
void run_in_threads(std::size_t num_threads, Progress& progress, Work&& work) {
  std::mutex mutex;
  std::exception_ptr first_error;
  const auto guarded = [&](std::size_t index) {
    try {
      work(index);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first_error) first_error = std::current_exception();
      progress.cancel();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(num_threads);
  try {
    while (threads.size() + 1 < num_threads) {
      threads.push_back(start_thread([&guarded, index = threads.size() + 1] { guarded(index); }));
    }
  } catch (const std::system_error&) {
    // As many as we got.
  }
  guarded(0);
  for (std::thread& thread : threads) thread.join();
  if (first_error) std::rethrow_exception(first_error);
}

// Calls work(0), ..., work(count - 1), each once, by at most so many threads.
template <class Work>
void for_each_in_threads(std::size_t count, std::size_t num_threads, Progress& progress,
                         Work&& work) {
  std::atomic<std::size_t> next{0};
  run_in_threads(std::min(count, num_threads), progress, [&](std::size_t) {
    for (std::size_t i; (i = next.fetch_add(1)) < count;) work(i);
  });
}

}  // namespace bpe
