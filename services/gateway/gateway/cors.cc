#include "gateway/cors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/strings.h"

namespace mediarouter::gateway {
namespace {

constexpr std::string_view kRequestHeaders[] = {
    "authorization", "content-type", "idempotency-key", "if-none-match", "if-range",
    "last-event-id", "range",        "traceparent",     "x-request-id",  "x-request-timeout-ms"};
constexpr char kExposedHeaders[] =
    "x-request-id, retry-after, openai-poll-after-ms, content-range, accept-ranges, etag, link, "
    "x-next-cursor";
constexpr char kMaxAgeSeconds[] = "600";

// OpenAI's SDKs send a dozen of these, and more with each release.
constexpr std::string_view kStainless = "x-stainless-";

bool MaySend(std::string_view header) {
  return header.starts_with(kStainless) ||
         std::find(std::begin(kRequestHeaders), std::end(kRequestHeaders), header) !=
             std::end(kRequestHeaders);
}

bool IsToken(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

}  // namespace

Cors::Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {
  any_ = std::find(origins_.begin(), origins_.end(), "*") != origins_.end();
}

bool Cors::Allows(std::string_view origin) const {
  return any_ || std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

http::Response Cors::Options(const http::Request& request,
                             const std::vector<std::string>& methods) const {
  http::Response response;
  response.status = 204;
  const std::string allowed = fmt::format("{}, OPTIONS", fmt::join(methods, ", "));
  response.headers.Set("allow", allowed);
  const auto origin = request.headers.Get("origin");
  if (!origin || !request.headers.Get("access-control-request-method")) return response;
  response.headers.Add("vary", "access-control-request-method, access-control-request-headers");
  if (!Allows(*origin)) return response;  // without the fields below the browser refuses
  std::vector<std::string> names;
  for (const std::string& name :
       base::Split(request.headers.GetOr("access-control-request-headers", ""), ',')) {
    const std::string lower = base::ToLower(name);
    if (IsToken(lower) && MaySend(lower)) names.push_back(lower);
  }
  response.headers.Set("access-control-allow-methods", allowed);
  if (!names.empty()) {
    response.headers.Set("access-control-allow-headers", fmt::format("{}", fmt::join(names, ", ")));
  }
  response.headers.Set("access-control-max-age", kMaxAgeSeconds);
  return response;
}

void Cors::Decorate(const http::Request& request, http::Response& response) const {
  if (!any_) response.headers.Add("vary", "origin");
  const auto origin = request.headers.Get("origin");
  if (!origin || !Allows(*origin)) return;
  response.headers.Set("access-control-allow-origin", any_ ? "*" : *origin);
  response.headers.Set("access-control-expose-headers", kExposedHeaders);
}

}  // namespace mediarouter::gateway
