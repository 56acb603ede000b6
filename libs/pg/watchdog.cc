#include "pg/watchdog.h"

#include <sys/socket.h>

#include "obs/log.h"

namespace mediarouter::pg {

Watchdog::Guard::Guard(Watchdog& watchdog, int socket) : watchdog_(watchdog) {
  const std::lock_guard lock(watchdog_.mutex_);
  entry_ = watchdog_.entries_.emplace(Clock::now() + watchdog_.patience_, socket);
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.entries_.erase(entry_);
}

Watchdog::Watchdog(std::chrono::milliseconds patience)
    : patience_(patience), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Watchdog::Watch() {
  // A tick instead of a wake-up per statement: this runs rarely, statements do not.
  constexpr std::chrono::seconds kTick{1};
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kTick, [&] { return ending_; })) {
    const auto due = entries_.upper_bound(Clock::now());
    for (auto entry = entries_.begin(); entry != due; ++entry) {
      if (shutdown(entry->second, SHUT_RDWR) == 0) {
        obs::Log(obs::Level::kWarn, "the database does not answer, its connection is cut");
      }
    }
  }
}

}  // namespace mediarouter::pg
