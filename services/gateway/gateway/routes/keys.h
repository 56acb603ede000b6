#pragma once

#include "gateway/backends.h"
#include "gateway/front.h"

namespace mediarouter::gateway {

// /v1/keys: provider keys, for administrators. The secret goes to provider-worker to be validated
// and to key-vault to be kept, and nowhere else. Thread-safe.
class KeyRoutes {
 public:
  explicit KeyRoutes(Backends& backends);
  void AddTo(Front& front);

 private:
  using Result = boost::asio::awaitable<absl::StatusOr<http::Response>>;
  Result Create(http::Request& request);
  Result List(http::Request& request);
  Result Delete(http::Request& request);
  Result Validate(http::Request& request);

  // InvalidArgument that says which there are.
  boost::asio::awaitable<absl::Status> CheckProvider(const base::CallContext& call,
                                                     const std::string& provider);

  Backends& backends_;
};

}  // namespace mediarouter::gateway
