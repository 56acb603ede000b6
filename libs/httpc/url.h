#pragma once

#include <absl/status/statusor.h>

#include <string>

// Absolute http and https URLs. Pure functions.
namespace mediarouter::httpc {

// `reference` (absolute or relative, as in a Location field) seen from `base`.
// InvalidArgument `invalid_url` for other schemes, user info or what cannot be parsed.
absl::StatusOr<std::string> ResolveUrl(const std::string& base, const std::string& reference);

// Same scheme, host and port. False when either cannot be parsed.
bool SameOrigin(const std::string& a, const std::string& b);

// "scheme://host:port", "" when it cannot be parsed.
std::string Origin(const std::string& url);

// One segment of a path, percent-encoded.
std::string EscapePathSegment(const std::string& segment);

}  // namespace mediarouter::httpc
