#pragma once

#include <absl/status/status.h>

#include "base/call_context.h"
#include "http/message.h"
#include "http/server.h"

// The one translation of Status to HTTP, in the shape of OpenAI's errors:
//   {"error":{"message":...,"type":...,"param":...,"code":...}}
namespace mediarouter::gateway {

// Logs what is our own fault, once, with the request id; its text does not reach the client.
http::Response ErrorResponse(const absl::Status& status, const base::CallContext& context);

// What the HTTP server refuses by itself.
http::Response RefusalResponse(http::Refusal refusal, const std::string& request_id);

}  // namespace mediarouter::gateway
