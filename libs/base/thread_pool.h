#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mediarouter::base {

// A fixed number of threads behind a bounded queue, for the synchronous domain code that gRPC and
// io threads must not run themselves. Thread-safe.
class ThreadPool {
 public:
  // `name` is shown by the system's tools (15 characters at most).
  ThreadPool(std::string name, std::size_t threads, std::size_t queue_limit);
  ~ThreadPool();  // Shutdown()

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False when the queue is full or the pool is shut down: the caller answers "busy".
  [[nodiscard]] bool TrySubmit(std::function<void()> task);

  // Runs what is queued, then ends the threads. May be called again, never from a pool thread.
  void Shutdown();

 private:
  void Work(const std::string& name);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  const std::size_t queue_limit_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mediarouter::base
