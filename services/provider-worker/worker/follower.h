#pragma once

#include <optional>
#include <random>

#include "httpc/http_client.h"
#include "worker/config.h"
#include "worker/key_cache.h"
#include "worker/orchestrator.h"
#include "worker/progress_reporter.h"

namespace mediarouter::worker {

// Polls a submitted job until its provider's terminal word, and reports that. Used on the worker's
// thread only.
class Follower {
 public:
  Follower(const RunnerConfig& config, httpc::HttpClient& client, KeyCache& keys,
           Orchestrator& orchestrator, ProgressReporter& progress)
      : config_(config),
        client_(client),
        keys_(keys),
        orchestrator_(orchestrator),
        progress_(progress),
        random_(std::random_device{}()) {}

  // `taken_over`: the job was submitted under another lease, maybe long ago. Nullopt: the job is
  // over for this worker.
  awaitable<std::optional<pb::WorkDirective>> Follow(Job& job, bool taken_over);

 private:
  awaitable<absl::StatusOr<providers::PollResult>> Poll(Job& job);
  awaitable<void> CallOff(Job& job);
  awaitable<std::optional<pb::WorkDirective>> ReportOutcome(Job& job,
                                                            const providers::PollResult& result);
  milliseconds PollDelay(milliseconds followed);
  milliseconds Jittered(milliseconds delay);

  const RunnerConfig& config_;
  httpc::HttpClient& client_;
  KeyCache& keys_;
  Orchestrator& orchestrator_;
  ProgressReporter& progress_;
  std::minstd_rand random_;
};

}  // namespace mediarouter::worker
