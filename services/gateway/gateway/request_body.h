#pragma once

#include <absl/status/statusor.h>

#include <boost/json/value.hpp>

#include "http/message.h"

namespace mediarouter::gateway {

// The JSON body of a request. InvalidArgument `unsupported_media_type` unless it says
// application/json, `invalid_json` when it is not.
absl::StatusOr<boost::json::value> ReadJsonBody(const http::Request& request);

// InvalidArgument `unknown_parameter` unless each query parameter is among `allowed`,
// `duplicate_parameter` for one that comes twice, `invalid_value` for one that is no text.
absl::Status CheckQuery(const http::Request& request, std::initializer_list<const char*> allowed);

}  // namespace mediarouter::gateway
