#include "worker/submitter.h"

#include <algorithm>

#include "base/fail_point.h"
#include "base/id.h"
#include "worker/exchange.h"
#include "worker/proto_codec.h"

namespace mediarouter::worker {
namespace {

using Calls = Orchestrator::Calls;
using std::chrono::seconds;

constexpr milliseconds kNoKeyDelay{5'000};
constexpr milliseconds kVaultDelay{5'000};
constexpr milliseconds kLookupBudget{30'000};
// When looking up has failed for so long nobody will ever tell.
constexpr auto kLookupPatience = std::chrono::hours(24);

providers::Fault ProviderFault(std::string message, std::optional<milliseconds> retry_after) {
  return {providers::FaultKind::kProvider, std::move(message), retry_after};
}

const char* Name(pb::SubmitOutcome outcome) {
  switch (outcome) {
    case pb::SUBMIT_OUTCOME_ACCEPTED:
      return "accepted";
    case pb::SUBMIT_OUTCOME_REFUSED:
      return "refused";
    case pb::SUBMIT_OUTCOME_NOT_SENT:
      return "not_sent";
    default:
      return "ambiguous";
  }
}

}  // namespace

Submitter::Submitter(const boost::asio::any_io_executor& executor, const RunnerConfig& config,
                     httpc::HttpClient& client, KeyCache& keys, LeaseKeeper& leases,
                     Orchestrator& orchestrator)
    : executor_(executor),
      config_(config),
      client_(client),
      keys_(keys),
      leases_(leases),
      orchestrator_(orchestrator) {}

Submitter::Lane& Submitter::LaneOf(const std::string& provider) {
  return lanes_.try_emplace(provider, executor_, config_.submit_concurrency).first->second;
}

void Submitter::Close() {
  for (auto& [provider, lane] : lanes_) {
    lane.turn.Close();
    lane.alone.Close();
  }
}

awaitable<std::optional<pb::WorkDirective>> Submitter::Submit(Job& job) {
  // The turn comes before the attempt: once that is committed its time is running.
  Lane& lane = LaneOf(job.provider_name());
  Semaphore::Permit permit = co_await lane.turn.Acquire();
  if (!permit || job.over()) co_return std::nullopt;
  // What lies between a committed attempt and its first byte is what a kill makes unknowable, so
  // the provider key is read before. Which one it will be, one job finds out alone: right after a
  // start all that waited would else be caught in the reading.
  Semaphore::Permit alone;
  if (lane.key == 0) {
    alone = co_await lane.alone.Acquire();
    if (!alone || job.over()) co_return std::nullopt;
  }
  if (lane.key != 0) {
    alone = Semaphore::Permit();
    const auto refreshed = co_await keys_.Get(lane.key);
    if (!refreshed.ok()) lane.key = 0;
    if (job.over()) co_return std::nullopt;
  }
  const milliseconds longest = std::min(config_.submit_timeout, leases_.LongestSend());
  if (!co_await leases_.Trusted(job, longest)) co_return std::nullopt;
  // Counted from before the commit, so that the send has surely ended when the orchestrator's
  // window for it closes.
  const auto begin = Clock::now();
  if (!co_await Begin(job)) co_return std::nullopt;
  MR_FAIL_POINT("worker.attempt_begun");
  const auto key = co_await keys_.Get(job.attempt.provider_key_id());
  lane.key = key.ok() ? job.attempt.provider_key_id() : 0;
  alone = Semaphore::Permit();
  Report report = co_await Send(job, begin, key);
  permit = Semaphore::Permit();
  MR_FAIL_POINT("worker.sent");
  auto directive = co_await Record(job, std::move(report));
  MR_FAIL_POINT("worker.recorded");
  co_return directive;
}

awaitable<bool> Submitter::Begin(Job& job) {
  pb::BeginSubmitRequest request;
  *request.mutable_lease() = job.item.lease();
  request.set_request_id(base::NewId("sub_"));  // the same for each repetition
  base::Backoff backoff(milliseconds(100), milliseconds(5'000));
  while (co_await leases_.Trusted(job, milliseconds(0))) {
    auto attempt = co_await orchestrator_.Once<pb::BeginSubmitRequest, pb::SubmitAttempt>(
        job, &Calls::BeginSubmit, request);
    if (attempt.ok()) {
      job.attempt = *std::move(attempt);
      co_return true;
    }
    const absl::Status& status = attempt.status();
    if (Orchestrator::IsOver(status)) {
      job.Lose();
      co_return false;
    }
    if (base::Reason(status) == "no_provider_key") {
      job.lost = true;
      co_await orchestrator_.Release(job, base::RetryAfter(status).value_or(kNoKeyDelay));
      co_return false;
    }
    if (status.code() == absl::StatusCode::kInvalidArgument ||
        status.code() == absl::StatusCode::kFailedPrecondition || job.stopping) {
      obs::Log(obs::Level::kError, "a send could not begin",
               {{"generation_id", job.id()}, {"error", base::Describe(status)}});
      co_return false;
    }
    co_await job.Sleep(backoff.Next());
  }
  co_return false;
}

awaitable<Submitter::Report> Submitter::Send(Job& job, Clock::time_point begin,
                                             const absl::StatusOr<KeyCache::Secret>& key) {
  Report report;
  report.outcome = pb::SUBMIT_OUTCOME_NOT_SENT;
  if (!key.ok()) {
    if (key.status().code() == absl::StatusCode::kNotFound) {
      report.fault.kind = providers::FaultKind::kInvalidKey;
      report.fault.message = "the provider key is gone";
    } else {
      report.fault = ProviderFault("the provider key could not be read", kVaultDelay);
    }
    co_return report;
  }
  const milliseconds longest = std::min(config_.submit_timeout, leases_.LongestSend());
  const auto deadline = std::min(begin + longest, job.trusted_until);
  const milliseconds budget = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
  if (budget < longest / 2 || job.over()) {
    report.fault = ProviderFault("the send began too late", milliseconds(0));
    co_return report;
  }
  const providers::VideoRequest video = ToVideoRequest(job.item, job.attempt);
  providers::Step<providers::Submission> step = job.provider->Submit(video, (*key)->Reveal());
  ExchangeLabel label;
  label.provider = job.provider_name();
  label.operation = "submit";
  const auto submission =
      co_await RunExchange<providers::Submission>(client_, label, std::move(step), budget);
  if (!submission.ok()) {
    const bool sent = base::Reason(submission.status()) != "not_sent" &&
                      submission.status().code() != absl::StatusCode::kInvalidArgument;
    if (sent) report.outcome = pb::SUBMIT_OUTCOME_AMBIGUOUS;
    report.fault = ProviderFault("the provider could not be reached", std::nullopt);
    obs::Log(obs::Level::kWarn, "a create got no answer",
             {{"generation_id", job.id()},
              {"provider", job.provider_name()},
              {"error", base::Describe(submission.status())}});
    co_return report;
  }
  using Outcome = providers::Submission::Outcome;
  report.outcome = submission->outcome == Outcome::kAccepted  ? pb::SUBMIT_OUTCOME_ACCEPTED
                   : submission->outcome == Outcome::kRefused ? pb::SUBMIT_OUTCOME_REFUSED
                                                              : pb::SUBMIT_OUTCOME_AMBIGUOUS;
  report.job_id = submission->job_id;
  report.fault = submission->fault;
  co_return report;
}

awaitable<std::optional<pb::WorkDirective>> Submitter::Record(Job& job, Report report) {
  obs::Log(obs::Level::kInfo, "sent to the provider",
           {{"generation_id", job.id()},
            {"provider", job.provider_name()},
            {"attempt", job.attempt.number()},
            {"outcome", Name(report.outcome)},
            {"provider_job_id", report.job_id},
            {"reason", report.fault.message}});
  obs::Count("mediarouter_worker_submits_total", "Sends to providers by outcome.",
             {{"provider", job.provider_name()}, {"outcome", Name(report.outcome)}});
  pb::RecordSubmitRequest request;
  *request.mutable_lease() = job.item.lease();
  request.set_attempt(job.attempt.number());
  request.set_outcome(report.outcome);
  if (report.outcome == pb::SUBMIT_OUTCOME_ACCEPTED) {
    request.set_provider_job_id(report.job_id);
    co_return co_await orchestrator_.ReportEvidence(job, std::move(request));
  }
  Encode(report.fault, request.mutable_fault());
  co_return co_await orchestrator_.Report<pb::RecordSubmitRequest, pb::WorkDirective>(
      job, &Calls::RecordSubmit, std::move(request));
}

awaitable<std::optional<pb::WorkDirective>> Submitter::Resume(Job& job) {
  pb::RecordSubmitRequest request;
  *request.mutable_lease() = job.item.lease();
  request.set_attempt(job.attempt.number());
  request.set_outcome(pb::SUBMIT_OUTCOME_AMBIGUOUS);
  co_return co_await orchestrator_.Report<pb::RecordSubmitRequest, pb::WorkDirective>(
      job, &Calls::RecordSubmit, std::move(request));
}

awaitable<std::optional<pb::WorkDirective>> Submitter::Reconcile(Job& job, milliseconds delay) {
  const auto due = Clock::now() + delay;
  while (Clock::now() < due && !job.over()) {
    co_await job.Sleep(std::chrono::ceil<milliseconds>(due - Clock::now()));
  }
  providers::Attempt attempt;
  attempt.video = ToVideoRequest(job.item, job.attempt);
  attempt.begin = Decode(job.attempt.begin_time());
  base::Backoff backoff(milliseconds(1'000), milliseconds(60'000));
  const auto first = Clock::now();
  pb::AdoptJobRequest request;
  *request.mutable_lease() = job.item.lease();
  request.set_attempt(job.attempt.number());
  ExchangeLabel label;
  label.provider = job.provider_name();
  label.operation = "reconcile";
  while (!job.over()) {
    const auto key = co_await keys_.Get(job.attempt.provider_key_id());
    absl::StatusOr<providers::Lookup> lookup(base::Unavailable("no_key", "no provider key"));
    if (key.ok()) {
      providers::Step<providers::Lookup> step = job.provider->Reconcile(attempt, (*key)->Reveal());
      lookup =
          co_await RunExchange<providers::Lookup>(client_, label, std::move(step), kLookupBudget);
    }
    const bool answered = lookup.ok() && lookup->state == providers::Lookup::State::kAnswered;
    const bool never = key.status().code() == absl::StatusCode::kNotFound ||
                       (lookup.ok() && lookup->state == providers::Lookup::State::kUnsupported) ||
                       Clock::now() - first > kLookupPatience;
    if (answered || never) {
      request.set_looked_up(answered);
      if (answered) {
        for (const std::string& id : lookup->candidates) request.add_candidate_job_ids(id);
      }
      obs::Log(obs::Level::kInfo, "looked up what became of a send",
               {{"generation_id", job.id()},
                {"provider", job.provider_name()},
                {"answered", answered},
                {"candidates", request.candidate_job_ids_size()}});
      co_return co_await orchestrator_.Report<pb::AdoptJobRequest, pb::WorkDirective>(
          job, &Calls::AdoptJob, std::move(request));
    }
    co_await job.Sleep(backoff.Next());
  }
  co_return std::nullopt;
}

}  // namespace mediarouter::worker
