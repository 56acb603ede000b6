#include "generation/verdict.h"

#include <algorithm>

namespace mediarouter::generation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLongestDelay = seconds(60);
// A provider may ask for longer, but not for ever: a mistaken header must not park a job for days.
constexpr milliseconds kLongestRetryAfter = std::chrono::hours(1);

milliseconds Backoff(int attempt) {
  return std::min<milliseconds>(kLongestDelay, seconds(1) * (1 << std::min(attempt - 1, 6)));
}

}  // namespace

std::string FailureCode(FaultKind kind) {
  switch (kind) {
    case FaultKind::kModeration:
      return "moderation_blocked";
    case FaultKind::kInvalidRequest:
      return "invalid_request";
    case FaultKind::kInvalidKey:
      return "invalid_provider_key";
    case FaultKind::kNoCredit:
      return "quota_exceeded";
    case FaultKind::kRateLimit:
      return "rate_limit_exceeded";
    case FaultKind::kJobLost:
      return "provider_job_lost";
    case FaultKind::kCancelled:
      return "cancelled";
    case FaultKind::kNone:
    case FaultKind::kProvider:
      break;
  }
  return "provider_error";
}

Refusal JudgeRefusal(const Fault& fault, int attempt, milliseconds waited, milliseconds patience) {
  Refusal refusal{.code = FailureCode(fault.kind)};
  switch (fault.kind) {
    case FaultKind::kModeration:
    case FaultKind::kInvalidRequest:
      refusal.ends = true;
      return refusal;
    case FaultKind::kInvalidKey:
      refusal.key_invalid = true;  // the next attempt takes another key at once
      break;
    case FaultKind::kNoCredit:
      refusal.key_exhausted = true;
      break;
    default:
      refusal.delay = std::min(fault.retry_after.value_or(Backoff(attempt)), kLongestRetryAfter);
      if (fault.kind != FaultKind::kRateLimit) refusal.code = "provider_unavailable";
      break;
  }
  refusal.ends = waited >= patience;
  return refusal;
}

}  // namespace mediarouter::generation
