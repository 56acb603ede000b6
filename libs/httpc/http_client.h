#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "httpc/message.h"

// Outgoing HTTP for coroutines. Thread-safe.
namespace mediarouter::httpc {

// A body that is read while it comes. Memory stays flat: when nobody reads, the transfer pauses.
// Destroying it ends the transfer. Used by one coroutine at a time.
class HttpDownload {
 public:
  virtual ~HttpDownload() = default;
  virtual const HttpResponse& Head() const = 0;  // body empty
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
//   InvalidArgument `invalid_url`, `invalid_header`
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual boost::asio::awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) = 0;
  virtual boost::asio::awaitable<absl::StatusOr<std::unique_ptr<HttpDownload>>> Open(
      HttpRequest request) = 0;
  // Ends what is under way as if the peer had gone, and lets later calls fail with `not_sent`.
  // For shutdown; may be called again.
  virtual void Stop() = 0;
};

// libcurl's multi interface on one thread of its own. Completions run on the awaiting coroutine's
// executor. Destroy it after the last transfer has been awaited.
std::unique_ptr<HttpClient> MakeCurlClient();

}  // namespace mediarouter::httpc
