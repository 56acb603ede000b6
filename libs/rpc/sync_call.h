#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "base/call_context.h"
#include "rpc/context.h"
#include "rpc/status.h"

namespace mediarouter::rpc {

// A blocking call, for pool threads only:
//   auto keys = rpc::SyncCall<ListProviderKeysResponse>(*stub, &Stub::ListProviderKeys, call,
//   request);
template <typename Response, typename Stub, typename Request>
absl::StatusOr<Response> SyncCall(Stub& stub,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  const base::CallContext& call, const Request& request) {
  const std::unique_ptr<grpc::ClientContext> client = MakeClientContext(call);
  Response response;
  const grpc::Status status = (stub.*method)(client.get(), request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

}  // namespace mediarouter::rpc
