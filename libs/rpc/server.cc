#include "rpc/server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/health_check_service_interface.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <string_view>

#include "base/status.h"
#include "rpc/callback_queue.h"
#include "rpc/context.h"

namespace mediarouter::rpc {
namespace {

constexpr std::string_view kUnix = "unix:";

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::vector<grpc::Service*>& services,
                                                      const std::string& address) {
  static std::once_flag health;
  std::call_once(health, [] { grpc::EnableDefaultHealthCheckService(true); });
  KeepCallbackQueue();
  std::unique_ptr<Server> server(new Server);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // Old connections make way for balancing; calls under way on them, such as a long ingest, end by
  // themselves, since there is no grace period.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 5 * 60 * 1000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10 * 1000);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  const bool unix_socket = address.starts_with(kUnix);
  if (!address.empty()) {
    if (!unix_socket && InternalToken().empty()) {
      return base::InvalidArgument(
          "internal_token_missing",
          "{} is a network address: set INTERNAL_TOKEN, or listen on unix:/path", address);
    }
    if (unix_socket) unlink(address.c_str() + kUnix.size());  // left over by a killed process
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &server->port_);
  }
  for (grpc::Service* service : services) builder.RegisterService(service);
  // Between bind and chmod nobody else may connect to the socket.
  const mode_t mask = umask(0177);
  server->server_ = builder.BuildAndStart();
  umask(mask);
  if (server->server_ == nullptr) {
    return base::Unavailable("cannot_listen", "cannot listen on {}", address);
  }
  return server;
}

Server::~Server() { Stop(std::chrono::milliseconds(0)); }

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return server_->InProcessChannel(arguments);
}

void Server::Stop(std::chrono::milliseconds drain) {
  if (server_ == nullptr) return;
  if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
  server_->Shutdown(std::chrono::system_clock::now() + drain);
  server_->Wait();
  server_.reset();
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20 * 1000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * 1000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace mediarouter::rpc
