#pragma once

#include "gateway/backends.h"
#include "gateway/front.h"

namespace mediarouter::gateway {

// /v1/providers: what can be asked of whom, and whether there is a key for it. Thread-safe.
class ProviderRoutes {
 public:
  explicit ProviderRoutes(Backends& backends);
  void AddTo(Front& front);

 private:
  boost::asio::awaitable<absl::StatusOr<http::Response>> List(http::Request& request);

  Backends& backends_;
};

}  // namespace mediarouter::gateway
