#pragma once

#include "gateway/backends.h"
#include "gateway/front.h"

namespace mediarouter::gateway {

// /v1/usage: what things cost. Thread-safe.
class UsageRoutes {
 public:
  explicit UsageRoutes(Backends& backends);
  void AddTo(Front& front);

 private:
  boost::asio::awaitable<absl::StatusOr<http::Response>> Estimate(http::Request& request);

  Backends& backends_;
};

}  // namespace mediarouter::gateway
