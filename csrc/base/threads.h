// Several threads on one load, ended together.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "base/progress.h"
#include "base/start_thread.h"

namespace bpe {

// Threads besides the calling one, on one load. They are joined when they go out of scope, whatever
// happens.
class Helpers {
 public:
  // Starts threads that call work(1), ..., work(num_threads - 1), as many as the system has left:
  // the load must be one that all share (a queue), so that any number of them does all of it.
  template <class Work>
  Helpers(std::size_t num_threads, const Work& work) {
    try {
      for (std::size_t index = 1; index < num_threads; ++index) {
        std::thread& thread = threads_.emplace_back();  // before there is one that needs the place
        thread = start_thread([&work, index] { work(index); });
      }
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
  }

  ~Helpers() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

 private:
  std::vector<std::thread> threads_;
};

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
  {
    const Helpers helpers(num_threads, guarded);
    guarded(0);
  }
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
