#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/timeline.h"

namespace mediarouter::sim {

// What a client asks of a provider, in no protocol's words.
enum class Op { kCreate, kPoll, kList, kContent, kDelete, kModels };

// README.md says what each does to whom.
enum class FaultKind {
  // Any operation.
  kLatency,
  kStatus,
  kDropBefore,
  kDropAfter,
  kErrorAfter,
  kHtml200,
  kTruncatedBody,
  kStalledBody,
  kEndlessBody,
  kWrongContentType,
  // Create: they stay with the job.
  kRenderSeconds,
  kFail,
  kNeverCompletes,
  kListHidden,
  // Poll.
  kProgressBackwards,
  kUnknownStatus,
  kJobForgotten,
  // Content.
  kCompletedWithoutContent,
  kExpiredLink,
  kRedirect,
};

// A wish to misbehave. The parameters that its kind does not use stay as they are here.
struct Fault {
  FaultKind kind = FaultKind::kStatus;
  std::optional<Op> op;         // unset: any that the kind has
  std::string prompt_contains;  // "": any; otherwise only operations on one job
  std::int64_t after = 0;       // lets that many matching requests pass first
  std::int64_t count = 1;       // then strikes that many times; 0: until it is removed

  std::chrono::milliseconds delay{0};       // latency, stalled_body, render_seconds, list_hidden
  int code = 503;                           // status, error_after
  std::optional<std::int64_t> retry_after;  // status, error_after; seconds
  std::string body;                         // status, error_after; "" is the protocol's own shape
  std::string content_type = "text/plain";  // wrong_content_type
  std::string status = "paused";            // unknown_status
  Failure failure{"video_generation_failed", "The video could not be generated."};  // fail

  // Set by the engine.
  std::string id;
  std::int64_t hits = 0;
};

// What befalls one request: all the latencies that match it, and of the rest the oldest.
struct Plan {
  std::chrono::milliseconds latency{0};
  std::optional<Fault> fault;

  bool Has(FaultKind kind) const { return fault && fault->kind == kind; }
};

// The faults in force. Each strike is given to exactly one request. Thread-safe.
class FaultEngine {
 public:
  std::string Add(Fault fault);  // returns its id
  bool Remove(std::string_view id);
  void Clear();
  std::vector<Fault> List() const;

  // Every later Plan starts with this latency.
  void SetLatency(std::chrono::milliseconds latency);

  // Called once a request, when the prompt of its job is known ("" for those of no job).
  Plan Take(Op op, std::string_view prompt);

 private:
  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
  std::chrono::milliseconds latency_{0};
  std::uint64_t made_ = 0;
};

}  // namespace mediarouter::sim
