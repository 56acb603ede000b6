#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace mediarouter::generation {

// Wakes those who wait for work when something was put into the queue. A hint: the rows are the
// truth, and whoever waits looks again by itself as well. Thread-safe.
class WorkSignal {
 public:
  std::uint64_t Current() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  void Notify() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    wake_.notify_all();
  }

  // Returns when there was a Notify after `seen`, after Close, or after `timeout`.
  void Wait(std::uint64_t seen, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [&] { return closed_ || count_ != seen; });
  }

  // No more waiting: the service is about to stop.
  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    wake_.notify_all();
  }
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t count_ = 0;
  bool closed_ = false;
};

}  // namespace mediarouter::generation
