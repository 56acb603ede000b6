#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "http/message.h"

namespace mediarouter::http {

struct ServerConfig {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one, see Server::port()
  int threads = 2;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 1024 * 1024;
  std::size_t max_connections = 10'000;  // past it the connection idle for longest is dropped
  std::chrono::milliseconds header_timeout{10'000};   // to send a whole header
  std::chrono::milliseconds body_timeout{30'000};     // to send a whole body
  std::chrono::milliseconds idle_timeout{75'000};     // between requests
  std::chrono::milliseconds write_timeout{60'000};    // without any byte taken by the client
  std::chrono::milliseconds request_timeout{30'000};  // deadline in Request::context
};

// Why the server itself refuses a request before any handler sees it. The embedder words it, so
// that clients meet one error shape.
enum class Refusal {
  kBadRequest,       // 400: not HTTP, or ambiguous framing, or NUL / ".." in the path
  kRequestTimeout,   // 408
  kPayloadTooLarge,  // 413
  kHeaderTooLarge,   // 431
};

// An HTTP/1.1 server on Boost.Asio coroutines: keep-alive, pipelining (one request at a time),
// Expect: 100-continue, chunked request bodies, sendfile for FileBody, HEAD without body.
// It sets x-request-id on each response (the client's own when it is 1 to 64 characters of
// [A-Za-z0-9._-]) and content-length. Handlers run on the io threads and must not block; they may
// await. An exception out of a handler is logged and answered with status 500 by `failed`.
class Server {
 public:
  using Refuse = std::function<Response(Refusal, const std::string& request_id)>;
  using Failed = std::function<Response(const std::string& request_id)>;

  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerConfig& config, Handler handler,
                                                       Refuse refuse, Failed failed);
  ~Server();  // Stop(0)

  int port() const;

  // Stops accepting, lets requests under way end for up to `drain`, then closes the rest.
  void Stop(std::chrono::milliseconds drain);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mediarouter::http
