#include "base/shutdown.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace mediarouter::base {
namespace {

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Shutdown::~Shutdown() {
  if (!signals_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  pthread_kill(signals_.native_handle(), SIGTERM);
  signals_.join();
}

void Shutdown::HandleSignals() {
  const sigset_t set = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that went away is an error of write(), not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  signals_ = std::thread([this, set] {
    while (true) {
      int signal = 0;
      if (sigwait(&set, &signal) != 0) continue;
      {
        const std::lock_guard lock(mutex_);
        if (ending_) return;
      }
      if (Requested()) _exit(128 + signal);
      Request();
    }
  });
}

void Shutdown::Request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  wake_.notify_all();
}

bool Shutdown::Requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

void Shutdown::Wait() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return requested_; });
}

bool Shutdown::WaitFor(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, timeout, [this] { return requested_; });
}

}  // namespace mediarouter::base
