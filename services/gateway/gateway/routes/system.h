#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/backends.h"
#include "gateway/front.h"

namespace mediarouter::gateway {

// The open routes: what this is, whether it lives, whether it can work. Thread-safe.
class SystemRoutes {
 public:
  SystemRoutes(Backends& backends, const base::Clock& clock);
  void AddTo(Front& front);

 private:
  boost::asio::awaitable<absl::StatusOr<http::Response>> Ready(http::Request& request);
  boost::asio::awaitable<std::vector<std::string>> FindUnready(const base::CallContext& call);

  Backends& backends_;
  const base::Clock& clock_;
  // The route is open to everyone: the services are asked at most once a second or so.
  std::mutex mutex_;
  std::vector<std::string> unready_;
  base::Clock::SteadyTime known_until_;
};

}  // namespace mediarouter::gateway
