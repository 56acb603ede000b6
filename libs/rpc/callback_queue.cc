#include "rpc/callback_queue.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>

namespace mediarouter::rpc {

void KeepCallbackQueue() {
  // A server that nobody can reach, never destroyed. Atomic: a pointer that is only written would
  // be optimised away, and leak checkers would miss it.
  static std::atomic<const grpc::Server*> keeper{[] {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(new grpc::CallbackGenericService);
    return builder.BuildAndStart().release();
  }()};
  static_cast<void>(keeper.load(std::memory_order_relaxed));
}

}  // namespace mediarouter::rpc
