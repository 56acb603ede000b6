#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "base/call_context.h"
#include "base/thread_pool.h"
#include "rpc/context.h"
#include "rpc/status.h"

namespace mediarouter::rpc {

// Between gRPC's callback API and the synchronous domain: checks the internal token and the
// deadline, runs the handler on a bounded pool, translates its Status, logs failures of our own
// once, counts and times. One per service. Thread-safe.
class Dispatcher {
 public:
  Dispatcher(std::string service, base::ThreadPool& pool)
      : service_(std::move(service)), pool_(pool) {}

  // For the body of a generated callback method:
  //   return dispatcher_.Unary(context, "GetAsset", request, response,
  //       [this](const base::CallContext& call, const GetAssetRequest& r) { return
  //       service_.Get(call, r); });
  // The handler returns absl::StatusOr<Response>.
  template <typename Request, typename Response, typename Handle>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const char* method,
                                  const Request* request, Response* response, Handle handle) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const auto start = std::chrono::steady_clock::now();
    const absl::Status refused = Submit(*context, [this, context, method, request, response,
                                                   reactor, start, handle = std::move(handle)] {
      const base::CallContext call = FromServerContext(*context);
      absl::Status status = Admit(call);
      if (status.ok()) {
        status = Guarded([&]() -> absl::Status {
          absl::StatusOr<Response> result = handle(call, *request);
          if (!result.ok()) return std::move(result).status();
          *response = *std::move(result);
          return absl::OkStatus();
        });
      }
      Observe(call, method, status, start);
      reactor->Finish(ToGrpc(status));
    });
    if (!refused.ok()) {
      Observe(FromServerContext(*context), method, refused, start);
      reactor->Finish(ToGrpc(refused));
    }
    return reactor;
  }

  // What Unary does before, around and after, for streaming handlers.
  absl::Status Submit(const grpc::ServerContextBase& context, std::function<void()> task);
  absl::Status Admit(const base::CallContext& call) const;
  // An exception, which no domain should let out, becomes Internal: one bad request must not end
  // the process.
  static absl::Status Guarded(const std::function<absl::Status()>& handler);
  void Observe(const base::CallContext& call, const char* method, const absl::Status& status,
               std::chrono::steady_clock::time_point start) const;

 private:
  std::string service_;
  base::ThreadPool& pool_;
};

}  // namespace mediarouter::rpc
