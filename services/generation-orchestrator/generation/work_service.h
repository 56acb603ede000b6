#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "generation/provider_keys.h"
#include "generation/work_repository.h"
#include "generation/work_signal.h"

namespace mediarouter::generation {

struct WorkConfig {
  std::chrono::milliseconds lease_term{45'000};
  std::chrono::milliseconds submit_timeout{30'000};  // of the worker's send
  std::chrono::milliseconds submit_margin{5'000};    // after which an answer cannot come any more
  // How long a list may take to show a job that was just accepted.
  std::chrono::milliseconds lookup_window{30'000};
  // How long a generation may wait for a provider that will not take it.
  std::chrono::milliseconds queue_patience{std::chrono::hours(24)};
};

// The worker's side of the job protocol: leases, attempts, evidence, verdicts. Thread-safe.
class WorkService {
 public:
  WorkService(WorkRepository& repository, ProviderKeys& keys, WorkSignal& signal,
              const WorkConfig& config)
      : repository_(repository), keys_(keys), signal_(signal), config_(config) {}

  // Blocks up to `wait` while there is nothing to do.
  absl::StatusOr<std::vector<WorkItem>> Acquire(const base::CallContext& context,
                                                const std::string& worker_id, int max,
                                                std::chrono::milliseconds wait);

  struct Renewal {
    std::vector<std::string> lost;
    std::vector<std::string> cancel;
  };
  absl::StatusOr<Renewal> Renew(const base::CallContext& context, const std::vector<Lease>& leases);
  absl::Status Release(const base::CallContext& context, const Lease& lease,
                       std::chrono::milliseconds delay);
  absl::Status ReleaseWorker(const base::CallContext& context, const std::string& worker_id);

  // Unavailable `no_provider_key`; Aborted `generation_ended` when it was called off meanwhile.
  absl::StatusOr<SubmitAttempt> BeginSubmit(const base::CallContext& context, const Lease& lease,
                                            const std::string& request_id);
  absl::StatusOr<Directive> RecordSubmit(const base::CallContext& context, const Lease& lease,
                                         int attempt, SubmitOutcome outcome,
                                         const std::string& provider_job_id, const Fault& fault);
  absl::StatusOr<Directive> AdoptJob(const base::CallContext& context, const Lease& lease,
                                     int attempt, bool looked_up,
                                     const std::vector<std::string>& candidates);
  absl::Status ReportProgress(const base::CallContext& context,
                              const std::vector<Progress>& progress);
  // `fault` unset: the provider has made the video.
  absl::StatusOr<Directive> ReportOutcome(const base::CallContext& context, const Lease& lease,
                                          int attempt, const std::optional<Fault>& fault,
                                          std::optional<std::int64_t> charged_micros);
  absl::Status BeginStore(const base::CallContext& context, const Lease& lease,
                          const std::string& asset_id);
  // kStore when BeginStore is too long ago: the asset is being deleted.
  absl::StatusOr<Directive> Complete(const base::CallContext& context, const Lease& lease,
                                     const Video& video);
  absl::Status FailOutput(const base::CallContext& context, const Lease& lease,
                          const std::string& message);

  const WorkConfig& config() const { return config_; }

 private:
  absl::StatusOr<Directive> Refused(HeldGeneration& held, const Fault& fault, bool sent,
                                    std::optional<ProviderKeys::Verdict>& key_verdict);

  WorkRepository& repository_;
  ProviderKeys& keys_;
  WorkSignal& signal_;
  const WorkConfig config_;
};

}  // namespace mediarouter::generation
