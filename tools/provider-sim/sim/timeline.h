#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

// What a simulated job shows at any moment. Nothing runs for a job: its state is a pure function
// of its age and its script, so ten thousand of them cost what their records cost.
namespace mediarouter::sim {

enum class JobStatus { kQueued, kInProgress, kCompleted, kFailed };

struct Failure {
  std::string code;
  std::string message;
};

// Fixed when the job is accepted.
struct Script {
  std::chrono::milliseconds render{2000};    // from accepted to completed; 0: completed at once
  std::optional<Failure> failure;            // fails half-way instead
  bool never_completes = false;              // stays in progress for ever
  std::chrono::milliseconds list_hidden{0};  // age from which the list shows it
};

struct View {
  JobStatus status = JobStatus::kQueued;
  int progress = 0;                                   // 0..100
  std::optional<std::chrono::milliseconds> ended_at;  // age at which it completed or failed
};

View ViewAt(std::chrono::milliseconds age, const Script& script);

inline bool IsFinal(JobStatus status) {
  return status == JobStatus::kCompleted || status == JobStatus::kFailed;
}

}  // namespace mediarouter::sim
