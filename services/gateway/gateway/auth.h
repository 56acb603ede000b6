#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/awaitable.hpp>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/call_context.h"
#include "base/clock.h"
#include "gateway/backends.h"
#include "http/message.h"

namespace mediarouter::gateway {

// Who sends a request, by the access key in `Authorization: Bearer`. The vault knows; a key that it
// accepted is not asked about again for a second, so that a revoked one works at most that long.
// Keys are held as SHA-256 only. Thread-safe.
class Authenticator {
 public:
  Authenticator(Backends& backends, const base::Clock& clock);

  static bool HasCredentials(const http::Request& request);

  // Sets the principal of the request's context. Unauthenticated `invalid_api_key`.
  boost::asio::awaitable<absl::Status> Authenticate(http::Request& request);

 private:
  struct Known {
    base::Principal principal;
    base::Clock::SteadyTime expires;
  };
  bool Recall(const std::string& digest, base::Principal& principal);
  void Remember(const std::string& digest, const base::Principal& principal,
                base::Clock::SteadyTime asked);

  Backends& backends_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace mediarouter::gateway
