#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "generation/work.h"

namespace mediarouter::pg {
class Pool;
class Session;
}  // namespace mediarouter::pg

namespace mediarouter::generation {

// One generation under its row's lock and its lease's: what a transition may look at and change.
// Lives inside WorkRepository::Transition only.
class HeldGeneration {
 public:
  HeldGeneration(pg::Session& session, Generation generation, std::optional<SubmitAttempt> attempt,
                 std::chrono::milliseconds attempt_age, std::chrono::milliseconds age)
      : session_(session),
        generation_(std::move(generation)),
        attempt_(std::move(attempt)),
        attempt_age_(attempt_age),
        age_(age) {}

  const Generation& generation() const { return generation_; }
  const std::optional<SubmitAttempt>& attempt() const { return attempt_; }  // the newest
  // By the database's clock.
  std::chrono::milliseconds attempt_age() const { return attempt_age_; }
  std::chrono::milliseconds age() const { return age_; }

  // Commits to a send. Becomes attempt().
  void BeginAttempt(std::int64_t provider_key_id, const std::string& external_id,
                    const std::string& request_id);
  void SetAttemptOutcome(const char* outcome);
  void MoveTo(Step step);  // still open
  void SetCost(std::int64_t micros);
  void Requeue(const std::string& code, const std::string& message,
               std::chrono::milliseconds delay);  // gives the lease back
  void End(State state, const std::string& code, const std::string& message,
           std::optional<std::int64_t> cost_micros);  // without a video
  // Deletes the asset one day, unless the generation is completed with it before.
  void AnnounceAsset(const std::string& asset_id);
  // False when the asset was not announced or is being deleted already.
  [[nodiscard]] bool Complete(const Video& video);

  // Jobs among `candidates` that no attempt at the same provider has.
  std::vector<std::string> Unclaimed(const std::vector<std::string>& candidates);
  // Time until every other unsettled attempt with the same fingerprint at the same provider is
  // `window` old; zero when there is none.
  std::chrono::milliseconds UntilOthersSettle(std::chrono::milliseconds window);
  void Adopt(const std::string& provider_job_id);

 private:
  void Event(const std::string& type);
  void CloseLease();

  pg::Session& session_;
  Generation generation_;
  std::optional<SubmitAttempt> attempt_;
  std::chrono::milliseconds attempt_age_;
  std::chrono::milliseconds age_;
};

// What workers do to generations, in SQL. Thread-safe; one method, one committed unit.
class WorkRepository {
 public:
  WorkRepository(pg::Pool& pool, std::chrono::milliseconds lease_term)
      : pool_(pool), lease_term_(lease_term) {}

  absl::StatusOr<std::vector<WorkItem>> Acquire(const base::CallContext& context,
                                                const std::string& holder, int max);

  // Renews what is still the caller's and returns those ids.
  absl::StatusOr<std::vector<std::string>> Renew(const base::CallContext& context,
                                                 const std::vector<Lease>& leases);
  absl::StatusOr<std::vector<std::string>> CancelRequested(const base::CallContext& context,
                                                           const std::vector<Lease>& leases);

  // Back into the queue. OK when the lease is not the caller's any more.
  absl::Status Release(const base::CallContext& context, const Lease& lease,
                       std::chrono::milliseconds delay);

  // The provider of a leased generation, which never changes: no lock, no check of the lease.
  absl::StatusOr<std::string> ProviderOf(const base::CallContext& context, const Lease& lease);

  // Gives back all leases of `holder`. Returns how many.
  absl::StatusOr<int> ReleaseHolder(const base::CallContext& context, const std::string& holder);

  // Evidence of a paid job: recorded whoever says so, whenever, also what fits nowhere. OK when the
  // attempt has this job now; Aborted `job_claimed` when the job is another attempt's,
  // `second_job` when the attempt has another job.
  absl::Status RecordJob(const base::CallContext& context, const std::string& generation_id,
                         int attempt, const std::string& provider_job_id);

  // Runs `change` in a transaction with the generation's row and the lease locked. Aborted
  // `lease_lost` with a stale token; `ended` is called instead when the generation has ended.
  template <typename T>
  absl::StatusOr<T> Transition(const base::CallContext& context, const Lease& lease,
                               const std::function<absl::StatusOr<T>(HeldGeneration&)>& change,
                               const std::function<absl::StatusOr<T>(const Generation&)>& ended);

  absl::Status Progress(const base::CallContext& context,
                        const std::vector<generation::Progress>& p);

 private:
  absl::Status Hold(const base::CallContext& context, const Lease& lease,
                    const std::function<absl::Status(HeldGeneration&)>& change,
                    const std::function<absl::Status(const Generation&)>& ended);

  pg::Pool& pool_;
  const std::chrono::milliseconds lease_term_;
};

template <typename T>
absl::StatusOr<T> WorkRepository::Transition(
    const base::CallContext& context, const Lease& lease,
    const std::function<absl::StatusOr<T>(HeldGeneration&)>& change,
    const std::function<absl::StatusOr<T>(const Generation&)>& ended) {
  std::optional<absl::StatusOr<T>> result;
  const absl::Status status = Hold(
      context, lease,
      [&](HeldGeneration& held) {
        result.emplace(change(held));
        return result->status();
      },
      [&](const Generation& generation) {
        result.emplace(ended(generation));
        return result->status();
      });
  if (!status.ok()) return status;
  return *std::move(result);
}

}  // namespace mediarouter::generation
