#pragma once

#include <map>
#include <string>

#include "worker/coroutines.h"

namespace mediarouter::worker {

// So many at once per provider, so that one that is slow holds up nobody else. Used on the worker's
// thread only.
class Turns {
 public:
  Turns(const boost::asio::any_io_executor& executor, int permits)
      : executor_(executor), permits_(permits) {}

  Semaphore& Of(const std::string& provider) {
    return turns_.try_emplace(provider, executor_, permits_).first->second;
  }

  // Who waits gets nothing.
  void Close() {
    for (auto& [provider, turn] : turns_) turn.Close();
  }

 private:
  boost::asio::any_io_executor executor_;
  int permits_;
  std::map<std::string, Semaphore> turns_;
};

}  // namespace mediarouter::worker
