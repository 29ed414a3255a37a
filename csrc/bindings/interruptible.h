// Runs a long computation so that Ctrl-C and a progress callback work while it runs.
//
// The work runs in a worker thread and never touches Python. The calling thread polls: signals are
// looked at and the callback is called every kPollInterval, with the GIL held only for that.
// Whatever is thrown, on either side, the worker is told to stop and joined before we leave.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "base/progress.h"
#include "base/start_thread.h"

namespace bpe::bindings {

inline constexpr std::chrono::milliseconds kPollInterval{50};

class Interruptible {
 public:
  // `callback` is None or callable(phase: str, done: int, total: int).
  // `look` is called just before it, with the GIL held, whether there is a callback or not.
  explicit Interruptible(pybind11::object callback, std::function<void()> look = {})
      : callback_(std::move(callback)), look_(std::move(look)) {}

  // Calls work(progress) in a worker thread. The GIL must be held by the caller.
  template <class Work>
  void run(Work&& work) {
    std::thread worker = start_thread([&] {
      std::exception_ptr error;
      try {
        work(progress_);
      } catch (const Cancelled&) {
        // We asked for it; the reason is already travelling in the calling thread.
      } catch (...) {
        error = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      error_ = error;
      finished_ = true;
      changed_.notify_one();
    });
    const JoinOnExit join{*this, worker};
    while (!wait_until_finished()) report();
    if (error_) std::rethrow_exception(error_);
    report();
  }

 private:
  struct JoinOnExit {
    Interruptible& owner;
    std::thread& worker;
    ~JoinOnExit() {
      owner.progress_.cancel();
      const pybind11::gil_scoped_release release;
      worker.join();
    }
  };

  bool wait_until_finished() {
    const pybind11::gil_scoped_release release;
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPollInterval, [this] { return finished_; });
  }

  void report() {
    if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    if (look_) look_();
    if (callback_.is_none() || *progress_.phase() == '\0') return;  // nothing has begun yet
    callback_(progress_.phase(), progress_.done(), progress_.total());
  }

  pybind11::object callback_;
  std::function<void()> look_;
  Progress progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
  std::exception_ptr error_;
};

}  // namespace bpe::bindings
