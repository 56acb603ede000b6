#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string_view>
#include <vector>

#include "gateway/auth.h"
#include "gateway/cors.h"
#include "http/message.h"
#include "http/router.h"

namespace mediarouter::gateway {

enum class Access {
  kOpen,   // to everyone
  kKey,    // with an access key
  kAdmin,  // with one of an administrator
};

using Endpoint =
    std::function<boost::asio::awaitable<absl::StatusOr<http::Response>>(http::Request&)>;

// What each request passes on its way to an endpoint: routing, authentication, errors, CORS.
// Routes are added at start; then thread-safe.
class Front {
 public:
  Front(Authenticator& authenticator, Cors cors);

  void Add(std::string_view method, std::string_view pattern, Access access, Endpoint endpoint);
  boost::asio::awaitable<http::Response> Handle(http::Request& request);

  std::vector<std::string> Routes() const { return router_.Routes(); }

 private:
  boost::asio::awaitable<http::Response> Admit(Access access, const Endpoint& endpoint,
                                               http::Request& request);

  Authenticator& authenticator_;
  Cors cors_;
  http::Router router_;
};

}  // namespace mediarouter::gateway
