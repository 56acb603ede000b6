#include "generation/work_service.h"

#include <algorithm>

#include "base/fail_point.h"
#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "generation/verdict.h"
#include "obs/log.h"
#include "obs/metrics.h"

namespace mediarouter::generation {
namespace {

using std::chrono::milliseconds;

// The signal covers this process; what other orchestrators put into the queue, and what becomes
// due, is seen at this pace.
constexpr milliseconds kScan{500};
constexpr milliseconds kLookAgain{3'000};

Directive Drop() { return {.action = Action::kDrop}; }

absl::StatusOr<Directive> DropEnded(const Generation&) { return Drop(); }

absl::Status WrongStep(const Generation& generation, int attempt) {
  return base::FailedPrecondition("wrong_step", "{} is {} at attempt {}, not at attempt {}",
                                  generation.id, ToText(generation.step), generation.attempt,
                                  attempt);
}

void CountEnd(const Generation& generation) {
  obs::Count("mediarouter_orchestrator_generations_ended_total", "Generations that ended.",
             {{"provider", generation.provider}, {"state", std::string(ToText(generation.state))}});
}

}  // namespace

absl::StatusOr<std::vector<WorkItem>> WorkService::Acquire(const base::CallContext& context,
                                                           const std::string& worker_id, int max,
                                                           milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + context.Remaining(wait);
  while (true) {
    const std::uint64_t seen = signal_.Current();
    if (signal_.closed() || context.Cancelled()) return std::vector<WorkItem>();
    MR_ASSIGN_OR_RETURN(std::vector<WorkItem> items, repository_.Acquire(context, worker_id, max));
    const auto left =
        std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    if (!items.empty() || left <= milliseconds(0)) return items;
    signal_.Wait(seen, std::min(left, kScan));
  }
}

absl::StatusOr<WorkService::Renewal> WorkService::Renew(const base::CallContext& context,
                                                        const std::vector<Lease>& leases) {
  Renewal renewal;
  if (leases.empty()) return renewal;
  MR_ASSIGN_OR_RETURN(std::vector<std::string> kept, repository_.Renew(context, leases));
  std::sort(kept.begin(), kept.end());
  for (const Lease& lease : leases) {
    if (!std::binary_search(kept.begin(), kept.end(), lease.generation_id)) {
      renewal.lost.push_back(lease.generation_id);
    }
  }
  MR_ASSIGN_OR_RETURN(renewal.cancel, repository_.CancelRequested(context, leases));
  return renewal;
}

absl::Status WorkService::Release(const base::CallContext& context, const Lease& lease,
                                  milliseconds delay) {
  MR_RETURN_IF_ERROR(repository_.Release(context, lease, delay));
  signal_.Notify();
  return absl::OkStatus();
}

absl::Status WorkService::ReleaseWorker(const base::CallContext& context,
                                        const std::string& worker_id) {
  MR_ASSIGN_OR_RETURN(const int released, repository_.ReleaseHolder(context, worker_id));
  if (released > 0) signal_.Notify();
  return absl::OkStatus();
}

absl::StatusOr<SubmitAttempt> WorkService::BeginSubmit(const base::CallContext& context,
                                                       const Lease& lease,
                                                       const std::string& request_id) {
  if (request_id.empty()) {
    return base::InvalidArgument("missing_request_id", "request_id is required");
  }
  // The vault is asked outside of the transaction: no row stays locked while another service
  // answers.
  MR_ASSIGN_OR_RETURN(const std::string provider, repository_.ProviderOf(context, lease));
  MR_ASSIGN_OR_RETURN(const auto key, keys_.Choose(context, provider));

  enum class Verdict { kBegun, kCalledOff, kNoKey };
  Verdict verdict = Verdict::kBegun;
  auto attempt = repository_.Transition<SubmitAttempt>(
      context, lease,
      [&](HeldGeneration& held) -> absl::StatusOr<SubmitAttempt> {
        const Generation& generation = held.generation();
        if (generation.step == Step::kSubmitting && held.attempt()->request_id == request_id) {
          // The acknowledgement of this very commit was lost: nothing was sent after it.
          return *held.attempt();
        }
        if (generation.step != Step::kQueued) return WrongStep(generation, generation.attempt + 1);
        if (generation.cancel_requested_at) {
          verdict = Verdict::kCalledOff;
          held.End(State::kCancelled, "cancelled", "cancelled before it was sent to a provider", 0);
          return SubmitAttempt{};
        }
        if (!key) {
          verdict = Verdict::kNoKey;
          if (held.age() >= config_.queue_patience) {
            held.End(State::kFailed, "no_provider_key",
                     "no active API key for provider " + generation.provider, 0);
          }
          return SubmitAttempt{};
        }
        held.BeginAttempt(*key, generation.id + "-" + std::to_string(generation.attempt + 1),
                          request_id);
        return *held.attempt();
      },
      [](const Generation& g) -> absl::StatusOr<SubmitAttempt> {
        return base::Aborted("generation_ended", "{} has ended", g.id);
      });
  if (!attempt.ok()) return attempt;
  if (verdict == Verdict::kCalledOff) {
    return base::Aborted("generation_ended", "{} was called off", lease.generation_id);
  }
  if (verdict == Verdict::kNoKey) {
    return base::Unavailable("no_provider_key", "no active API key for provider {}", provider);
  }
  return attempt;
}

absl::StatusOr<Directive> WorkService::Refused(HeldGeneration& held, const Fault& fault, bool sent,
                                               std::optional<ProviderKeys::Verdict>& key_verdict) {
  const Refusal refusal =
      JudgeRefusal(fault, held.generation().attempt, held.age(), config_.queue_patience);
  held.SetAttemptOutcome(sent ? "refused" : "not_sent");
  if (refusal.key_invalid) key_verdict = ProviderKeys::Verdict::kInvalid;
  if (refusal.key_exhausted) key_verdict = ProviderKeys::Verdict::kExhausted;
  if (held.generation().cancel_requested_at) {
    held.End(State::kCancelled, "cancelled", "cancelled before a provider took it", 0);
    CountEnd(held.generation());
  } else if (refusal.ends) {
    held.End(State::kFailed, refusal.code, fault.message, 0);
    CountEnd(held.generation());
  } else {
    held.Requeue(refusal.code, fault.message, refusal.delay);
  }
  return Drop();
}

absl::StatusOr<Directive> WorkService::RecordSubmit(const base::CallContext& context,
                                                    const Lease& lease, int attempt,
                                                    SubmitOutcome outcome,
                                                    const std::string& provider_job_id,
                                                    const Fault& fault) {
  if (outcome == SubmitOutcome::kAccepted) {
    if (provider_job_id.empty()) {
      return base::InvalidArgument("missing_job_id", "an accepted attempt has a job id");
    }
    // Evidence first, in a unit of its own: it stays whatever becomes of the lease.
    const absl::Status recorded =
        repository_.RecordJob(context, lease.generation_id, attempt, provider_job_id);
    if (!recorded.ok()) {
      obs::Log(obs::Level::kError, context, "evidence of a paid job does not fit",
               {{"generation_id", lease.generation_id},
                {"attempt", attempt},
                {"provider_job_id", provider_job_id},
                {"error", base::Describe(recorded)}});
      const std::string reason = base::Reason(recorded);
      if (reason != "job_claimed" && reason != "second_job") return recorded;
      outcome = SubmitOutcome::kAmbiguous;  // the provider gave one id twice, or two for one send
    }
    MR_FAIL_POINT("orchestrator.evidence_recorded");
  }
  std::optional<ProviderKeys::Verdict> key_verdict;
  std::int64_t key = 0;
  auto directive = repository_.Transition<Directive>(
      context, lease,
      [&](HeldGeneration& held) -> absl::StatusOr<Directive> {
        const Generation& generation = held.generation();
        if (generation.attempt != attempt) return WrongStep(generation, attempt);
        key = held.attempt()->provider_key_id;
        const bool open =
            generation.step == Step::kSubmitting || generation.step == Step::kReconciling;
        if (!open) {
          // Reported before, or adopted meanwhile.
          if (generation.step == Step::kSubmitted) {
            return Directive{.action = Action::kFollow, .attempt = held.attempt()};
          }
          return WrongStep(generation, attempt);
        }
        if (!held.attempt()->provider_job_id.empty()) {
          held.MoveTo(Step::kSubmitted);
          return Directive{.action = Action::kFollow, .attempt = held.attempt()};
        }
        switch (outcome) {
          case SubmitOutcome::kRefused:
            return Refused(held, fault, true, key_verdict);
          case SubmitOutcome::kNotSent:
            return Refused(held, fault, false, key_verdict);
          case SubmitOutcome::kAccepted:
          case SubmitOutcome::kAmbiguous:
          case SubmitOutcome::kUnspecified:
            break;
        }
        held.SetAttemptOutcome("ambiguous");
        if (generation.step != Step::kReconciling) held.MoveTo(Step::kReconciling);
        const milliseconds window = config_.submit_timeout + config_.submit_margin;
        return Directive{.action = Action::kReconcile,
                         .delay = std::max(milliseconds(0), window - held.attempt_age()),
                         .attempt = held.attempt()};
      },
      DropEnded);
  if (key_verdict && key != 0) keys_.Report(context, key, *key_verdict);
  if (directive.ok() && directive->action == Action::kDrop) signal_.Notify();
  return directive;
}

absl::StatusOr<Directive> WorkService::AdoptJob(const base::CallContext& context,
                                                const Lease& lease, int attempt, bool looked_up,
                                                const std::vector<std::string>& candidates) {
  return repository_.Transition<Directive>(
      context, lease,
      [&](HeldGeneration& held) -> absl::StatusOr<Directive> {
        const Generation& generation = held.generation();
        if (generation.attempt != attempt) return WrongStep(generation, attempt);
        const auto follow = [&] {
          if (held.generation().step != Step::kSubmitted) held.MoveTo(Step::kSubmitted);
          return Directive{.action = Action::kFollow, .attempt = held.attempt()};
        };
        if (generation.step == Step::kSubmitted) return follow();
        if (generation.step != Step::kSubmitting && generation.step != Step::kReconciling) {
          return WrongStep(generation, attempt);
        }
        // Evidence that came while we looked beats any look-up.
        if (!held.attempt()->provider_job_id.empty()) return follow();

        const milliseconds window = config_.submit_timeout + config_.submit_margin;
        const auto again = [&](milliseconds delay) {
          return Directive{.action = Action::kReconcile, .delay = delay, .attempt = held.attempt()};
        };
        if (held.attempt_age() < window) return again(window - held.attempt_age());
        // While another send of the same fingerprint may still be answered, a job that matches
        // could be its own. Once all are old, their jobs are interchangeable: same prompt, model,
        // length and size, one job at most each.
        if (const milliseconds others = held.UntilOthersSettle(window); others.count() > 0) {
          return again(others);
        }
        const std::vector<std::string> free = held.Unclaimed(candidates);
        if (!free.empty()) {
          held.Adopt(free.front());
          obs::Log(obs::Level::kInfo, context, "adopted a job whose submit had no answer",
                   {{"generation_id", generation.id}, {"provider_job_id", free.front()}});
          return follow();
        }
        if (looked_up && held.attempt_age() < window + config_.lookup_window) {
          return again(kLookAgain);
        }
        held.SetAttemptOutcome("unknown");
        held.End(State::kFailed, "submit_outcome_unknown",
                 "the provider did not answer whether it took the job, and it cannot be looked up",
                 std::nullopt);
        CountEnd(held.generation());
        return Drop();
      },
      DropEnded);
}

absl::Status WorkService::ReportProgress(const base::CallContext& context,
                                         const std::vector<Progress>& progress) {
  if (progress.empty()) return absl::OkStatus();
  return repository_.Progress(context, progress);
}

absl::StatusOr<Directive> WorkService::ReportOutcome(const base::CallContext& context,
                                                     const Lease& lease, int attempt,
                                                     const std::optional<Fault>& fault,
                                                     std::optional<std::int64_t> charged_micros) {
  return repository_.Transition<Directive>(
      context, lease,
      [&](HeldGeneration& held) -> absl::StatusOr<Directive> {
        const Generation& generation = held.generation();
        if (generation.attempt != attempt) return WrongStep(generation, attempt);
        const Directive store{.action = Action::kStore, .attempt = held.attempt()};
        if (generation.step == Step::kStoring) return store;
        if (generation.step != Step::kSubmitted) return WrongStep(generation, attempt);
        if (!fault) {
          // Paid with the provider's success, whatever becomes of our copy.
          held.SetCost(charged_micros.value_or(generation.estimated_cost_micros));
          held.MoveTo(Step::kStoring);
          return store;
        }
        const State state =
            fault->kind == FaultKind::kCancelled ? State::kCancelled : State::kFailed;
        held.End(state, FailureCode(fault->kind), fault->message, charged_micros.value_or(0));
        CountEnd(held.generation());
        return Drop();
      },
      DropEnded);
}

absl::Status WorkService::BeginStore(const base::CallContext& context, const Lease& lease,
                                     const std::string& asset_id) {
  if (!base::IsId("ast_", asset_id)) {
    return base::InvalidArgument("invalid_asset_id", "'{}' is no asset id", asset_id);
  }
  return repository_
      .Transition<Directive>(
          context, lease,
          [&](HeldGeneration& held) -> absl::StatusOr<Directive> {
            if (held.generation().step != Step::kStoring) {
              return WrongStep(held.generation(), held.generation().attempt);
            }
            held.AnnounceAsset(asset_id);
            return Drop();
          },
          [](const Generation& generation) -> absl::StatusOr<Directive> {
            return base::Aborted("generation_ended", "{} has ended", generation.id);
          })
      .status();
}

absl::StatusOr<Directive> WorkService::Complete(const base::CallContext& context,
                                                const Lease& lease, const Video& video) {
  return repository_.Transition<Directive>(
      context, lease,
      [&](HeldGeneration& held) -> absl::StatusOr<Directive> {
        if (held.generation().step != Step::kStoring) {
          return WrongStep(held.generation(), held.generation().attempt);
        }
        if (!held.Complete(video)) return Directive{.action = Action::kStore};
        CountEnd(held.generation());
        obs::ObserveSeconds("mediarouter_orchestrator_generation_seconds",
                            "Time from accepted to completed.",
                            {{"provider", held.generation().provider}},
                            std::chrono::duration<double>(held.age()).count());
        return Drop();
      },
      [&](const Generation& generation) -> absl::StatusOr<Directive> {
        if (generation.video && generation.video->asset_id == video.asset_id) return Drop();
        return base::Aborted("generation_ended", "{} has ended otherwise", generation.id);
      });
}

absl::Status WorkService::FailOutput(const base::CallContext& context, const Lease& lease,
                                     const std::string& message) {
  return repository_
      .Transition<Directive>(
          context, lease,
          [&](HeldGeneration& held) -> absl::StatusOr<Directive> {
            if (held.generation().step != Step::kStoring) {
              return WrongStep(held.generation(), held.generation().attempt);
            }
            held.End(State::kFailed, "output_unusable", message, std::nullopt);
            CountEnd(held.generation());
            return Drop();
          },
          DropEnded)
      .status();
}

}  // namespace mediarouter::generation
