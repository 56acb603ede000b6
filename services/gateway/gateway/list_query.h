#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "http/message.h"
#include "mediarouter/generation/v1/generation_service.pb.h"

namespace mediarouter::gateway {

// The query of GET /v1/video/generations: skip, limit, cursor, provider, model, status, q,
// created_after, created_before. An empty filter is none. InvalidArgument names the parameter.
absl::StatusOr<generation::v1::ListGenerationsRequest> ReadListQuery(const http::Request& request);

// The target of the next page: the same query at another cursor.
std::string NextPage(const http::Request& request, std::string_view cursor);

}  // namespace mediarouter::gateway
