#pragma once

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

namespace mediarouter::rpc {

// The one translation between our Status and gRPC's, both ways: code, message, reason, parameter
// and retry delay survive (mediarouter.common.v1.ErrorDetail in the details).
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace mediarouter::rpc
