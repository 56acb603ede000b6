#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Outgoing HTTP for coroutines. Thread-safe.
namespace mediarouter::httpc {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{30'000};  // of the whole exchange; of the head for Open()
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

// A body that is read while it comes. Memory stays flat: when nobody reads, the transfer pauses.
// Destroying it ends the transfer. Used by one coroutine at a time.
class HttpDownload {
 public:
  virtual ~HttpDownload() = default;
  virtual const HttpResponse& Head() const = 0;                     // body empty
  virtual std::optional<std::uint64_t> ContentLength() const = 0;
  // The next bytes, "" at the end. DataLoss (`truncated`) when the peer stopped early,
  // DeadlineExceeded (`stalled`) after stall_timeout without a byte.
  virtual boost::asio::awaitable<absl::StatusOr<std::string>> Read() = 0;
};

// Errors of Send and Open (an HTTP status, whatever it is, is not one):
//   Unavailable `not_sent`      no byte of the request can have reached the peer: name not found,
//                               connection refused, TLS failed, address forbidden
//   Unavailable `no_answer`     sent, or maybe sent, without a readable answer
//   DeadlineExceeded `no_answer`  the same by time-out; `not_sent` when it never connected
//   ResourceExhausted `answer_too_large`
//   InvalidArgument `invalid_url`
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual boost::asio::awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) = 0;
  virtual boost::asio::awaitable<absl::StatusOr<std::unique_ptr<HttpDownload>>> Open(
      HttpRequest request) = 0;
};

// libcurl's multi interface on one thread of its own. Completions run on the awaiting coroutine's
// executor. Destroy it after the last transfer has been awaited.
std::unique_ptr<HttpClient> MakeCurlClient();

}  // namespace mediarouter::httpc
