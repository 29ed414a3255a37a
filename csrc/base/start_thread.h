// A thread of ours: it is never the one that a signal interrupts.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <initializer_list>
#include <thread>
#include <utility>

namespace bpe {

// While it lives, signals from outside wait or go to other threads; threads that are started then
// stay like that. Those that the thread itself causes (a bad address) are not held back.
class NoSignals {
 public:
  NoSignals() {
    sigset_t from_outside;
    sigfillset(&from_outside);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
      sigdelset(&from_outside, own);
    }
    pthread_sigmask(SIG_BLOCK, &from_outside, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_;
};

// Starts a thread. Python notes a signal in the thread that gets it, and looks again only if that
// is its main thread (ceval.c: COMPUTE_EVAL_BREAKER asks _Py_ThreadCanHandleSignals): a Ctrl-C that
// came to one of ours could be lost. Throws std::system_error when the system has no thread left.
template <class Work>
std::thread start_thread(Work&& work) {
  const NoSignals blocked;
  return std::thread(std::forward<Work>(work));
}

}  // namespace bpe
