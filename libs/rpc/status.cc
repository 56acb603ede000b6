#include "rpc/status.h"

#include "base/status.h"
#include "mediarouter/common/v1/error.pb.h"

namespace mediarouter::rpc {

namespace {

// For what gRPC itself makes: no connection, deadline, cancellation, a message that is too large.
const char* ReasonOfGrpc(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return "service_unavailable";
    case absl::StatusCode::kDeadlineExceeded:
      return "deadline_exceeded";
    case absl::StatusCode::kCancelled:
      return "cancelled";
    default:
      return "";
  }
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  common::v1::ErrorDetail detail;
  detail.set_reason(base::Reason(status));
  detail.set_param(base::Param(status));
  if (const auto delay = base::RetryAfter(status)) detail.set_retry_after_ms(delay->count());
  common::v1::RpcStatus wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(base::Message(status)));
  wire.add_details()->PackFrom(detail);
  return {static_cast<grpc::StatusCode>(status.code()), std::string(base::Message(status)),
          wire.SerializeAsString()};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  common::v1::RpcStatus wire;
  common::v1::ErrorDetail detail;
  const bool detailed = wire.ParseFromString(status.error_details()) && wire.details_size() > 0 &&
                        wire.details(0).UnpackTo(&detail);
  if (!detailed) {
    return base::MakeStatus(code, ReasonOfGrpc(code), status.error_message());
  }
  absl::Status result = base::MakeStatus(code, detail.reason(), status.error_message());
  if (!detail.param().empty()) result = base::WithParam(std::move(result), detail.param());
  if (detail.retry_after_ms() > 0) {
    result =
        base::WithRetryAfter(std::move(result), std::chrono::milliseconds(detail.retry_after_ms()));
  }
  return result;
}

}  // namespace mediarouter::rpc
