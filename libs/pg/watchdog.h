#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace mediarouter::pg {

// libpq waits for an answer without a limit of its own. The server ends long statements, but a
// server that is frozen, or a proxy that has lost its other side, keeps the socket alive and says
// nothing. The watchdog cuts such a socket, and the waiting thread gets a broken connection.
// Thread-safe; precise to a second.
class Watchdog {
  using Clock = std::chrono::steady_clock;
  using Entries = std::multimap<Clock::time_point, int>;

 public:
  // Watches while it lives; ends before the socket is closed.
  class Guard {
   public:
    Guard(Watchdog& watchdog, int socket);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog& watchdog_;
    Entries::iterator entry_;
  };

  explicit Watchdog(std::chrono::milliseconds patience);
  ~Watchdog();

 private:
  void Watch();

  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Entries entries_;  // by the time at which the socket is cut
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace mediarouter::pg
