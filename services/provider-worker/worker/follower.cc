#include "worker/follower.h"

#include <algorithm>

#include "base/fail_point.h"
#include "worker/exchange.h"
#include "worker/proto_codec.h"

namespace mediarouter::worker {
namespace {

using Calls = Orchestrator::Calls;
using State = providers::PollResult::State;

constexpr milliseconds kPollBudget{30'000};
// One early look costs one request and finds what was done as soon as it was accepted.
constexpr milliseconds kFirstDelay{20};
constexpr milliseconds kShortestDelay{250};
constexpr milliseconds kFirstErrorDelay{1'000};
constexpr milliseconds kLongestErrorDelay{60'000};
// A refused key will not be accepted a moment later.
constexpr milliseconds kRefusedKeyDelay{30'000};
constexpr milliseconds kLongestRetryAfter{600'000};
// A job that has been followed for so long is looked at less often.
constexpr auto kLongFollowed = std::chrono::hours(6);
constexpr milliseconds kLongFollowedDelay{60'000};
constexpr int kFewestDenials = 5;

}  // namespace

milliseconds Follower::Jittered(milliseconds delay) {
  std::uniform_real_distribution<double> spread(0.8, 1.2);
  return milliseconds(static_cast<long>(static_cast<double>(delay.count()) * spread(random_)));
}

// A quarter of the time that it took so far: a quick job is noticed quickly, a slow one costs few
// polls.
milliseconds Follower::PollDelay(milliseconds followed) {
  const milliseconds longest = followed > kLongFollowed
                                   ? std::max(kLongFollowedDelay, config_.poll_interval)
                                   : config_.poll_interval;
  return Jittered(std::clamp(followed / 4, std::min(kShortestDelay, longest), longest));
}

awaitable<std::optional<pb::WorkDirective>> Follower::Follow(Job& job, bool taken_over) {
  const auto begin = Clock::now();
  base::Backoff errors(kFirstErrorDelay, kLongestErrorDelay);
  std::optional<Clock::time_point> denied_since;
  int denials = 0;
  int reported_percent = -1;
  bool called_off = false;
  milliseconds delay = std::min(kFirstDelay, config_.poll_interval);
  if (taken_over) {
    // Many are taken over at once: spread them.
    std::uniform_int_distribution<long> spread(0, config_.poll_interval.count());
    delay = milliseconds(spread(random_));
  }
  while (!job.over()) {
    const auto due = Clock::now() + delay;
    co_await job.Sleep(delay);
    if (job.over()) break;
    if (job.cancel_requested && !called_off) {
      called_off = true;
      co_await CallOff(job);
    }
    const std::chrono::duration<double> lag = Clock::now() - due;
    obs::ObserveSeconds("mediarouter_worker_poll_lag_seconds", "How late polls begin.",
                        {{"provider", job.provider_name()}}, std::max(0.0, lag.count()));
    const auto polled = co_await Poll(job);
    if (job.over()) break;
    providers::PollResult result;
    if (polled.ok()) result = *polled;

    if (result.state != State::kUnknownJob) denied_since.reset();
    if (result.state == State::kSucceeded || result.state == State::kFailed) {
      co_return co_await ReportOutcome(job, result);
    }
    const auto followed = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    if (result.state == State::kWorking) {
      errors.Reset();
      if (result.percent && *result.percent > reported_percent) {
        reported_percent = *result.percent;
        progress_.Note(job, reported_percent);
      }
      delay = PollDelay(followed);
    } else if (result.state == State::kUnknownJob) {
      if (!denied_since) {
        denied_since = Clock::now();
        denials = 0;
      }
      ++denials;
      if (denials >= kFewestDenials && Clock::now() - *denied_since >= config_.job_lost) {
        co_return co_await ReportOutcome(job, result);
      }
      delay = PollDelay(std::max(followed, milliseconds(4'000)));
    } else {
      delay = errors.Next();
      if (result.fault.kind == providers::FaultKind::kInvalidKey) {
        delay = std::max(delay, Jittered(kRefusedKeyDelay));
      }
      if (result.fault.retry_after) {
        delay = std::max(delay, std::min(*result.fault.retry_after, kLongestRetryAfter));
      }
      obs::Log(obs::Level::kDebug, "a poll failed",
               {{"generation_id", job.id()},
                {"provider", job.provider_name()},
                {"error", polled.ok() ? result.fault.message : base::Describe(polled.status())}});
    }
  }
  co_return std::nullopt;
}

awaitable<absl::StatusOr<providers::PollResult>> Follower::Poll(Job& job) {
  const auto key = co_await keys_.Get(job.attempt.provider_key_id());
  if (!key.ok()) co_return key.status();
  providers::Step<providers::PollResult> step =
      job.provider->Poll(job.attempt.provider_job_id(), (*key)->Reveal());
  ExchangeLabel label;
  label.provider = job.provider_name();
  label.operation = "poll";
  co_return co_await RunExchange<providers::PollResult>(client_, std::move(label), std::move(step),
                                                        kPollBudget);
}

awaitable<void> Follower::CallOff(Job& job) {
  const auto key = co_await keys_.Get(job.attempt.provider_key_id());
  if (!key.ok()) co_return;
  auto step = job.provider->Cancel(job.attempt.provider_job_id(), (*key)->Reveal());
  if (!step.ok()) {
    obs::Log(obs::Level::kInfo, "cancel was asked for, but the provider has none",
             {{"generation_id", job.id()}, {"provider", job.provider_name()}});
    co_return;
  }
  ExchangeLabel label;
  label.provider = job.provider_name();
  label.operation = "cancel";
  const auto cancelled = co_await RunExchange<providers::Cancellation>(
      client_, std::move(label), *std::move(step), kPollBudget);
  obs::Log(obs::Level::kInfo, "cancel was sent to the provider",
           {{"generation_id", job.id()},
            {"provider", job.provider_name()},
            {"accepted", cancelled.ok() && cancelled->accepted}});
}

awaitable<std::optional<pb::WorkDirective>> Follower::ReportOutcome(
    Job& job, const providers::PollResult& result) {
  const bool succeeded = result.state == State::kSucceeded;
  obs::Log(obs::Level::kInfo, "the provider has ended the job",
           {{"generation_id", job.id()},
            {"provider", job.provider_name()},
            {"succeeded", succeeded},
            {"reason", result.fault.message}});
  pb::ReportOutcomeRequest request;
  *request.mutable_lease() = job.item.lease();
  request.set_attempt(job.attempt.number());
  if (!succeeded) Encode(result.fault, request.mutable_fault());
  if (result.charged_micros) request.set_charged_micros(*result.charged_micros);
  auto directive = co_await orchestrator_.Report<pb::ReportOutcomeRequest, pb::WorkDirective>(
      job, &Calls::ReportOutcome, std::move(request));
  MR_FAIL_POINT("worker.outcome_reported");
  co_return directive;
}

}  // namespace mediarouter::worker
