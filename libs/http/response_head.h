#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/message.h"

namespace mediarouter::http {

// How the body of a response is delimited.
struct Framing {
  std::optional<std::uint64_t> length;  // unset and not chunked: up to the end of the connection
  bool chunked = false;
  bool close = false;  // the connection ends with this response
};

// The status line and header fields with the empty line after them. Adds date, framing,
// connection and x-request-id; the handler's own fields of those names are ignored. Control
// characters in values become spaces, so that no value can begin another field.
std::string ResponseHead(const Response& response, const std::string& request_id,
                         const Framing& framing);

// Whether a status has no body and no content-length by definition.
bool HasNoBody(int status);

}  // namespace mediarouter::http
