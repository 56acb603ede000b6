#include "rpc/dispatcher.h"

#include <exception>

#include "base/status.h"
#include "obs/log.h"
#include "obs/metrics.h"

namespace mediarouter::rpc {
namespace {

// Codes that are our fault, not the caller's: logged here, at the edge, once.
bool IsFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

}  // namespace

absl::Status Dispatcher::Submit(const grpc::ServerContextBase& context,
                                std::function<void()> task) {
  if (!HasInternalToken(context)) {
    return base::Unauthenticated("invalid_internal_token",
                                 "the internal token is missing or wrong");
  }
  if (!pool_.TrySubmit(std::move(task))) {
    return base::WithRetryAfter(base::Unavailable("overloaded", "{} is at its limit", service_),
                                std::chrono::seconds(1));
  }
  return absl::OkStatus();
}

absl::Status Dispatcher::Admit(const base::CallContext& call) const {
  if (call.Cancelled()) return base::Cancelled("cancelled", "the caller went away");
  if (call.Expired()) return base::DeadlineExceeded("deadline_exceeded", "too late to begin");
  return absl::OkStatus();
}

absl::Status Dispatcher::Guarded(const std::function<absl::Status()>& handler) {
  try {
    return handler();
  } catch (const std::exception& error) {
    return base::Internal("unexpected_exception", "{}", error.what());
  }
}

void Dispatcher::Observe(const base::CallContext& call, const char* method,
                         const absl::Status& status,
                         std::chrono::steady_clock::time_point start) const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (IsFault(status.code())) {
    obs::Log(obs::Level::kError, call, "call failed",
             {{"method", method}, {"error", base::Describe(status)}});
  }
  obs::ObserveSeconds("mediarouter_rpc_seconds", "Time from a call's arrival to its answer.",
                      {{"service", service_},
                       {"method", method},
                       {"code", absl::StatusCodeToString(status.code())}},
                      took.count());
}

}  // namespace mediarouter::rpc
