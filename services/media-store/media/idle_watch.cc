#include "media/idle_watch.h"

#include <algorithm>

namespace mediarouter::media {

IdleWatch::IdleWatch(std::chrono::milliseconds limit) : limit_(limit) {
  thread_ = std::thread([this] { Watch(); });
}

IdleWatch::~IdleWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void IdleWatch::Waiting(grpc::ServerContextBase& call) {
  const std::lock_guard lock(mutex_);
  deadlines_[&call] = Clock::now() + limit_;
}

void IdleWatch::Busy(grpc::ServerContextBase& call) {
  const std::lock_guard lock(mutex_);
  deadlines_.erase(&call);
}

void IdleWatch::Watch() {
  std::unique_lock lock(mutex_);
  // A look every quarter of the limit; no call waits for long enough to need a sharper one.
  while (!wake_.wait_for(lock, limit_ / 4, [this] { return stopping_; })) {
    while (true) {
      const auto late =
          std::find_if(deadlines_.begin(), deadlines_.end(),
                       [now = Clock::now()](const auto& entry) { return entry.second <= now; });
      if (late == deadlines_.end()) break;
      grpc::ServerContextBase* call = late->first;
      deadlines_.erase(late);
      call->TryCancel();
    }
  }
}

}  // namespace mediarouter::media
