#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mediarouter::httpc {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{10'000};
  // Of the whole exchange, waiting for a free connection included; of the head for Open().
  std::chrono::milliseconds timeout{30'000};
  std::chrono::milliseconds stall_timeout{60'000};  // Open(): without a byte
  std::uint64_t max_body_bytes = 4 * 1024 * 1024;   // Send(): more is an error
  // A paid create: its own fresh connection, never a resend by the library (libcurl repeats a POST
  // whose reused connection died before the first byte of an answer), never a redirect.
  bool send_once = false;
  // The host is the operator's word (a configured base URL): private addresses are allowed.
  // Otherwise the address that is connected to must be public, see httpc/address_guard.h.
  bool trusted_host = false;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  // The first field of that name (lower case), nullopt when there is none.
  std::optional<std::string_view> Header(std::string_view name) const;
};

}  // namespace mediarouter::httpc
