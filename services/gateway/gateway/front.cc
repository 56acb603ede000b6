#include "gateway/front.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "gateway/error_response.h"

namespace mediarouter::gateway {

Front::Front(Authenticator& authenticator, Cors cors)
    : authenticator_(authenticator), cors_(std::move(cors)) {}

void Front::Add(std::string_view method, std::string_view pattern, Access access,
                Endpoint endpoint) {
  router_.Add(method, pattern,
              [this, access, endpoint = std::move(endpoint)](http::Request& request) {
                return Admit(access, endpoint, request);
              });
}

boost::asio::awaitable<http::Response> Front::Handle(http::Request& request) {
  http::Router::Match match = router_.Find(request.method, request.path);
  // A slash too many at the end is forgiven, as the original did by a redirect.
  if (match.route.empty() && request.path.size() > 1 && request.path.ends_with('/')) {
    match = router_.Find(request.method,
                         std::string_view(request.path).substr(0, request.path.size() - 1));
  }
  request.route = match.route;
  request.params = std::move(match.params);
  http::Response response;
  if (match.handler != nullptr) {
    response = co_await (*match.handler)(request);
  } else if (request.method == "OPTIONS") {
    response = cors_.Options(request, match.allowed);
  } else if (match.route.empty()) {
    response = ErrorResponse(
        base::NotFound("unknown_url", "unknown URL: {} {}", request.method, request.path),
        request.context);
  } else {
    const std::string allowed = fmt::format("{}, OPTIONS", fmt::join(match.allowed, ", "));
    response = ErrorResponse(
        base::InvalidArgument("method_not_allowed", "{} is not allowed here; allowed are {}",
                              request.method, allowed),
        request.context);
    response.headers.Set("allow", allowed);
  }
  response.headers.Set("x-content-type-options", "nosniff");
  cors_.Decorate(request, response);
  co_return response;
}

boost::asio::awaitable<http::Response> Front::Admit(Access access, const Endpoint& endpoint,
                                                    http::Request& request) {
  if (access != Access::kOpen) {
    const absl::Status known = co_await authenticator_.Authenticate(request);
    if (!known.ok()) co_return ErrorResponse(known, request.context);
    if (access == Access::kAdmin && request.context.principal.role != base::Role::kAdmin) {
      co_return ErrorResponse(
          base::PermissionDenied("admin_required", "this needs an administrator's access key"),
          request.context);
    }
  }
  absl::StatusOr<http::Response> response = co_await endpoint(request);
  if (!response.ok()) co_return ErrorResponse(response.status(), request.context);
  co_return *std::move(response);
}

}  // namespace mediarouter::gateway
