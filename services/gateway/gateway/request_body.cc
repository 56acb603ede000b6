#include "gateway/request_body.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "http/json.h"

namespace mediarouter::gateway {

absl::StatusOr<boost::json::value> ReadJsonBody(const http::Request& request) {
  const std::string_view type = request.headers.GetOr("content-type", "");
  const std::string_view media_type = base::Trim(type.substr(0, type.find(';')));
  if (!request.body.empty() && !http::EqualsIgnoringCase(media_type, "application/json")) {
    return base::InvalidArgument("unsupported_media_type",
                                 "the body must be JSON with 'Content-Type: application/json'");
  }
  return http::ParseJson(request.body);
}

absl::Status CheckQuery(const http::Request& request, std::initializer_list<const char*> allowed) {
  std::set<std::string_view> seen;
  for (const auto& [name, value] : request.query) {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      const std::string hint = allowed.size() == 0
                                   ? "none is allowed here"
                                   : fmt::format("allowed are {}", fmt::join(allowed, ", "));
      return base::WithParam(base::InvalidArgument("unknown_parameter",
                                                   "unknown query parameter '{}'; {}", name, hint),
                             name);
    }
    if (!base::IsCleanUtf8(value)) {
      return base::WithParam(
          base::InvalidArgument("invalid_value", "'{}' must be UTF-8 without U+0000", name), name);
    }
    if (!seen.insert(name).second) {
      return base::WithParam(
          base::InvalidArgument("duplicate_parameter", "'{}' is given more than once", name), name);
    }
  }
  return absl::OkStatus();
}

}  // namespace mediarouter::gateway
