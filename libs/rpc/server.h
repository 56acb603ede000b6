#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace mediarouter::rpc {

// A gRPC server of one service process: its services, the standard health service, and where it
// listens. Listening addresses are "unix:/path" (made 0600) or "host:port" (needs the internal
// token; see rpc/context.h). None: in process only. Thread-safe.
class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::vector<grpc::Service*>& services,
                                                       const std::string& address);
  ~Server();  // Stop(0)

  // No call may begin on it once Stop() was called: gRPC 1.51 would call a null pointer instead of
  // failing. So what uses a service in process stops before the service does.
  std::shared_ptr<grpc::Channel> InProcessChannel();
  int port() const { return port_; }  // of a "host:0" address

  // Health turns NOT_SERVING, calls under way get `drain`, the rest is cancelled. Not to be called
  // from a serving thread. May be called again.
  void Stop(std::chrono::milliseconds drain);

 private:
  Server() = default;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// A channel to "unix:/path", "host:port" or "dns:///host:port" with round robin and keepalive.
// Connecting is lazy and repeats for ever; calls fail fast with Unavailable meanwhile.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

// Largest message either way, bytes.
inline constexpr int kMaxMessageBytes = 16 * 1024 * 1024;

}  // namespace mediarouter::rpc
