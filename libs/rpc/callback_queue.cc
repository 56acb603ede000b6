#include "rpc/callback_queue.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

namespace mediarouter::rpc {

void KeepCallbackQueue() {
  // A server that nobody can reach, never destroyed.
  static const grpc::Server* const keeper = [] {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(new grpc::CallbackGenericService);
    return builder.BuildAndStart().release();
  }();
  static_cast<void>(keeper);
}

}  // namespace mediarouter::rpc
