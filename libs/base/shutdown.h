#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace mediarouter::base {

// The wish to stop, told once to all who asked to know. Request() may come from a signal thread
// (HandleSignals) or from code. Thread-safe.
class Shutdown {
 public:
  Shutdown() = default;
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  // Blocks SIGINT, SIGTERM and SIGHUP in this and all later threads, and turns the first of them
  // into Request(); the second ends the process at once. Call it first thing in main.
  void HandleSignals();

  void Request();
  bool Requested() const;

  // Waits until Request(). WaitFor returns whether it came within `timeout`.
  void Wait();
  bool WaitFor(std::chrono::milliseconds timeout);

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool requested_ = false;
  bool ending_ = false;
  std::thread signals_;
};

}  // namespace mediarouter::base
