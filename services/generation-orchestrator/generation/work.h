#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "generation/generation.h"

// What the orchestrator and a worker tell each other about one generation.
namespace mediarouter::generation {

struct Lease {
  std::string generation_id;
  std::int64_t token = 0;
};

struct SubmitAttempt {
  int number = 0;
  std::int64_t provider_key_id = 0;
  std::string external_id;
  std::string request_id;       // of the BeginSubmit that made it
  std::string provider_job_id;  // "" until it is known
  Time began_at;
};

struct WorkItem {
  Lease lease;
  Generation generation;
  std::optional<SubmitAttempt> attempt;
};

// The order of the enums is the proto's.
enum class Action { kUnspecified, kFollow, kReconcile, kStore, kDrop };
enum class SubmitOutcome { kUnspecified, kAccepted, kRefused, kNotSent, kAmbiguous };
enum class FaultKind {
  kNone,
  kModeration,
  kInvalidRequest,
  kInvalidKey,
  kNoCredit,
  kRateLimit,
  kProvider,
  kJobLost,
  kCancelled,
};

struct Directive {
  Action action = Action::kDrop;
  std::chrono::milliseconds delay{0};
  std::optional<SubmitAttempt> attempt;
};

struct Fault {
  FaultKind kind = FaultKind::kNone;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_after;
};

struct Progress {
  Lease lease;
  int percent = 0;
};

}  // namespace mediarouter::generation
