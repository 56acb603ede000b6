#include "worker/orchestrator.h"

#include "worker/proto_codec.h"

namespace mediarouter::worker {
namespace {

constexpr milliseconds kCallBudget{10'000};

}  // namespace

base::CallContext Orchestrator::Context(const Job& job) {
  return base::CallContext::Background(job.id(), kCallBudget);
}

bool Orchestrator::IsOver(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kNotFound) return true;
  // Other aborts (a commit in doubt, a deadlock) say nothing about the lease, and every report may
  // be repeated.
  const std::string reason = base::Reason(status);
  return reason == "lease_lost" || reason == "generation_ended";
}

bool Orchestrator::IsFinal(Job& job, const absl::Status& status) {
  if (IsOver(status)) {
    job.Lose();
    return true;
  }
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      obs::Log(obs::Level::kError, Context(job), "a report was refused",
               {{"generation_id", job.id()}, {"error", base::Describe(status)}});
      return true;
    default:
      return false;
  }
}

awaitable<std::optional<pb::WorkDirective>> Orchestrator::ReportEvidence(
    Job& job, pb::RecordSubmitRequest request) {
  base::Backoff backoff(milliseconds(100), milliseconds(10'000));
  while (!aborted_) {
    auto response = co_await rpc::Call<pb::WorkDirective>(work_.async(), &Calls::RecordSubmit,
                                                          Context(job), request);
    if (response.ok()) co_return *std::move(response);
    if (IsFinal(job, response.status())) {
      obs::Log(obs::Level::kWarn, Context(job), "evidence of a paid job came after the lease",
               {{"generation_id", job.id()},
                {"attempt", request.attempt()},
                {"provider_job_id", request.provider_job_id()},
                {"error", base::Describe(response.status())}});
      co_return std::nullopt;
    }
    obs::Log(obs::Level::kWarn, Context(job), "evidence of a paid job is not recorded yet",
             {{"generation_id", job.id()}, {"error", base::Describe(response.status())}});
    co_await job.Sleep(backoff.Next());
  }
  obs::Log(obs::Level::kError, Context(job), "evidence of a paid job could not be recorded",
           {{"generation_id", job.id()},
            {"attempt", request.attempt()},
            {"provider_key_id", job.attempt.provider_key_id()},
            {"provider_job_id", request.provider_job_id()}});
  co_return std::nullopt;
}

awaitable<void> Orchestrator::Release(Job& job, milliseconds delay) {
  if (aborted_) co_return;
  pb::ReleaseLeaseRequest request;
  *request.mutable_lease() = job.item.lease();
  Encode(delay, request.mutable_delay());
  const auto response = co_await rpc::Call<google::protobuf::Empty>(
      work_.async(), &Calls::ReleaseLease, Context(job), std::move(request));
  if (!response.ok()) {
    obs::Log(obs::Level::kWarn, Context(job), "a lease was not given back and will lapse",
             {{"generation_id", job.id()}, {"error", base::Describe(response.status())}});
  }
}

}  // namespace mediarouter::worker
