#include "gateway/error_response.h"

#include <algorithm>

#include "base/status.h"
#include "gateway/json_writer.h"
#include "obs/log.h"

namespace mediarouter::gateway {
namespace {

constexpr char kInvalidRequest[] = "invalid_request_error";
constexpr char kServerError[] = "server_error";

struct Translation {
  absl::StatusCode status;
  int http;
  const char* type;
  const char* code;  // when the status has no reason
};
constexpr Translation kByCode[] = {
    {absl::StatusCode::kInvalidArgument, 400, kInvalidRequest, "invalid_request"},
    {absl::StatusCode::kOutOfRange, 400, kInvalidRequest, "invalid_request"},
    {absl::StatusCode::kFailedPrecondition, 400, kInvalidRequest, "failed_precondition"},
    {absl::StatusCode::kUnauthenticated, 401, kInvalidRequest, "invalid_api_key"},
    {absl::StatusCode::kPermissionDenied, 403, "permission_error", "permission_denied"},
    {absl::StatusCode::kNotFound, 404, kInvalidRequest, "not_found"},
    {absl::StatusCode::kAlreadyExists, 409, kInvalidRequest, "conflict"},
    // The database could not commit, or nobody knows whether it did: nothing that a client did.
    {absl::StatusCode::kAborted, 503, kServerError, "service_unavailable"},
    {absl::StatusCode::kResourceExhausted, 429, "rate_limit_error", "rate_limit_exceeded"},
    {absl::StatusCode::kCancelled, 499, "request_cancelled", "request_cancelled"},
    {absl::StatusCode::kUnimplemented, 501, kServerError, "not_implemented"},
    {absl::StatusCode::kUnavailable, 503, kServerError, "service_unavailable"},
    {absl::StatusCode::kDeadlineExceeded, 504, kServerError, "timeout"},
};
constexpr Translation kInternal{absl::StatusCode::kInternal, 500, kServerError, "internal_error"};

// Statuses that only HTTP knows.
constexpr struct {
  std::string_view reason;
  int http;
} kByReason[] = {
    {"request_timeout", 408},        {"method_not_allowed", 405}, {"payload_too_large", 413},
    {"unsupported_media_type", 415}, {"header_too_large", 431},
};

// Faults whose text was written for clients.
constexpr std::string_view kTellable[] = {"no_provider_key", "not_ready", "provider_unavailable"};

const char* GenericText(int http) {
  switch (http) {
    case 501:
      return "this is not implemented";
    case 503:
      return "the service is temporarily unavailable, try again";
    case 504:
      return "the request took too long, try again";
    default:
      return "internal error; the request id tells the operator which";
  }
}

Translation Translate(const absl::Status& status, const std::string& reason) {
  Translation result = kInternal;
  for (const Translation& entry : kByCode) {
    if (entry.status == status.code()) result = entry;
  }
  // A constraint of the database that nobody translated: its text names tables.
  if (reason == "already_exists") result = kInternal;
  for (const auto& entry : kByReason) {
    if (entry.reason == reason) result.http = entry.http;
  }
  if (result.http == 429 &&
      (reason.find("quota") != std::string::npos || reason.find("budget") != std::string::npos)) {
    result.type = "insufficient_quota";
  }
  return result;
}

}  // namespace

http::Response ErrorResponse(const absl::Status& status, const base::CallContext& context) {
  const std::string reason = base::Reason(status);
  const Translation to = Translate(status, reason);
  const bool ours = to.http >= 500;
  const bool tellable =
      !ours || std::find(std::begin(kTellable), std::end(kTellable), reason) != std::end(kTellable);
  if (ours) {
    obs::Log(to.http == 500 ? obs::Level::kError : obs::Level::kWarn, context, "request failed",
             {{"status", to.http}, {"error", base::Describe(status)}});
  }
  JsonWriter body;
  body.Object().Key("error").Object();
  body.Key("message").String(tellable ? base::Message(status) : GenericText(to.http));
  body.Key("type").String(to.type);
  body.Key("param").StringOrNull(base::Param(status));
  body.Key("code").String(tellable && !reason.empty() ? std::string_view(reason) : to.code);
  body.EndObject().EndObject();
  http::Response response = http::Response::Json(to.http, body.Take());
  response.headers.Set("cache-control", "no-store");
  if (to.http == 401) response.headers.Set("www-authenticate", "Bearer");
  if (to.http == 429 || to.http == 503) {
    const auto delay = base::RetryAfter(status).value_or(std::chrono::seconds(1));
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(delay).count();
    response.headers.Set("retry-after", std::to_string(std::max<long>(1, seconds)));
  }
  return response;
}

http::Response RefusalResponse(http::Refusal refusal, const std::string& request_id) {
  base::CallContext context;
  context.request_id = request_id;
  switch (refusal) {
    case http::Refusal::kRequestTimeout:
      return ErrorResponse(
          base::InvalidArgument("request_timeout", "the request did not arrive in time"), context);
    case http::Refusal::kPayloadTooLarge:
      return ErrorResponse(
          base::InvalidArgument("payload_too_large", "the body is larger than 1 MiB"), context);
    case http::Refusal::kHeaderTooLarge:
      return ErrorResponse(
          base::InvalidArgument("header_too_large", "the header is larger than 16 KiB"), context);
    case http::Refusal::kBadRequest:
      break;
  }
  return ErrorResponse(
      base::InvalidArgument("bad_request",
                            "this is not a well-formed HTTP/1.1 request: the framing must be "
                            "unambiguous, and path and query percent-encoded UTF-8 without NUL, "
                            "backslash or '..' segments"),
      context);
}

}  // namespace mediarouter::gateway
