#pragma once

#include <absl/status/status.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Builders and readers of absl::Status. Beside code and message a status of ours carries a reason
// (stable, machine readable: "model_not_found"), the request parameter it is about and, for what
// may be tried again, how long to wait. They travel over gRPC (rpc/status.h) and become the
// OpenAI error body in the gateway. Debian's Abseil has its own string_view, so nothing outside
// libs/base uses Abseil's strings: these functions are the doors.
namespace mediarouter::base {

// A status with a reason. Never OK.
absl::Status MakeStatus(absl::StatusCode code, std::string_view reason, std::string_view message);

// Copies of `status` that carry one thing more.
absl::Status WithParam(absl::Status status, std::string_view param);
absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds delay);

std::string_view Message(const absl::Status& status);  // lives as long as `status`
std::string Reason(const absl::Status& status);        // "" when there is none
std::string Param(const absl::Status& status);         // "" when there is none
std::optional<std::chrono::milliseconds> RetryAfter(const absl::Status& status);

// "NOT_FOUND job_not_found: job 7 does not exist", for logs and test output.
std::string Describe(const absl::Status& status);

#define MR_STATUS_BUILDER(Name, code)                                                            \
  template <typename... Args>                                                                    \
  absl::Status Name(std::string_view reason, fmt::format_string<Args...> text, Args&&... args) { \
    return MakeStatus(code, reason, fmt::format(text, std::forward<Args>(args)...));             \
  }
MR_STATUS_BUILDER(InvalidArgument, absl::StatusCode::kInvalidArgument)
MR_STATUS_BUILDER(FailedPrecondition, absl::StatusCode::kFailedPrecondition)
MR_STATUS_BUILDER(Unauthenticated, absl::StatusCode::kUnauthenticated)
MR_STATUS_BUILDER(PermissionDenied, absl::StatusCode::kPermissionDenied)
MR_STATUS_BUILDER(NotFound, absl::StatusCode::kNotFound)
MR_STATUS_BUILDER(AlreadyExists, absl::StatusCode::kAlreadyExists)
MR_STATUS_BUILDER(Aborted, absl::StatusCode::kAborted)
MR_STATUS_BUILDER(ResourceExhausted, absl::StatusCode::kResourceExhausted)
MR_STATUS_BUILDER(Unavailable, absl::StatusCode::kUnavailable)
MR_STATUS_BUILDER(DeadlineExceeded, absl::StatusCode::kDeadlineExceeded)
MR_STATUS_BUILDER(Cancelled, absl::StatusCode::kCancelled)
MR_STATUS_BUILDER(Unimplemented, absl::StatusCode::kUnimplemented)
MR_STATUS_BUILDER(DataLoss, absl::StatusCode::kDataLoss)
MR_STATUS_BUILDER(Internal, absl::StatusCode::kInternal)
#undef MR_STATUS_BUILDER

}  // namespace mediarouter::base
