#include "worker/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>

#include "base/id.h"
#include "obs/metrics.h"
#include "worker/proto_codec.h"

namespace mediarouter::worker {
namespace {

namespace asio = boost::asio;
using Calls = Orchestrator::Calls;

constexpr int kMostPerAcquire = 100;
constexpr milliseconds kAcquireWait{20'000};
constexpr milliseconds kAcquireSlack{10'000};
constexpr milliseconds kFarewellBudget{2'000};
constexpr milliseconds kUnknownProviderDelay{30'000};
constexpr milliseconds kTroubleDelay{15'000};

}  // namespace

Runner::Runner(const asio::any_io_executor& executor, const RunnerConfig& config,
               const providers::Registry& registry, httpc::HttpClient& client,
               const Channels& channels)
    : executor_(executor),
      config_(config),
      registry_(registry),
      worker_id_(base::NewId("wrk_")),
      work_(generation::v1::WorkService::NewStub(channels.orchestrator)),
      keys_(executor, channels.vault, worker_id_),
      leases_(executor, *work_, worker_id_),
      orchestrator_(*work_, leases_),
      progress_(executor, *work_, config.progress_interval),
      submitter_(executor, config_, client, keys_, leases_, orchestrator_),
      follower_(config_, client, keys_, orchestrator_, progress_),
      storer_(executor, config_, client, keys_, orchestrator_, channels.media),
      pause_(executor),
      ended_(executor) {}

void Runner::Start() {
  obs::Log(obs::Level::kInfo, "taking work", {{"worker_id", worker_id_}});
  asio::co_spawn(executor_, Loop(AcquireLoop()),
                 asio::bind_cancellation_slot(stop_acquiring_.slot(), asio::detached));
  asio::co_spawn(executor_, Loop(leases_.Run()), asio::detached);
  asio::co_spawn(executor_, Loop(progress_.Run()), asio::detached);
  asio::co_spawn(executor_, Loop(keys_.Run()), asio::detached);
}

void Runner::Stop() {
  if (std::exchange(stopping_, true)) return;
  stop_acquiring_.emit(asio::cancellation_type::terminal);
  pause_.cancel();
  ended_.Notify();
  submitter_.Close();
  storer_.Close();
  for (const auto& [key, job] : working_) {
    job->stopping = true;
    job->timer.cancel();
  }
  progress_.Stop();
  keys_.Stop();
  if (running_ == 0) Leave();
}

void Runner::Leave() {
  if (std::exchange(leaving_, true)) return;
  leases_.Stop();
  ++loops_;  // here, not in the coroutine: it begins a moment later
  asio::co_spawn(executor_, Farewell(), asio::detached);
}

// Also what was handed out by a call that was cut off: nobody else would know of it for a term.
awaitable<void> Runner::Farewell() {
  pb::ReleaseWorkerRequest request;
  request.set_worker_id(worker_id_);
  const auto response = co_await rpc::Call<google::protobuf::Empty>(
      work_->async(), &Calls::ReleaseWorker,
      base::CallContext::Background(worker_id_, kFarewellBudget), std::move(request));
  if (!response.ok()) {
    obs::Log(obs::Level::kWarn, "leases were not given back and will lapse",
             {{"worker_id", worker_id_}, {"error", base::Describe(response.status())}});
  }
  --loops_;
}

void Runner::Abort() {
  Stop();
  orchestrator_.Abort();
  leases_.Stop();
  for (const auto& [key, job] : working_) {
    job->timer.cancel();
    job->abort.emit(asio::cancellation_type::terminal);
  }
}

awaitable<void> Runner::Loop(awaitable<void> body) {
  co_await asio::this_coro::throw_if_cancelled(false);
  ++loops_;
  co_await std::move(body);
  --loops_;
}

awaitable<void> Runner::AcquireLoop() {
  base::Backoff backoff(milliseconds(200), milliseconds(10'000));
  while (!stopping_) {
    const int free = config_.max_jobs - running_;
    if (free <= 0) {
      co_await ended_.Wait();
      continue;
    }
    if (co_await Acquire(std::min(free, kMostPerAcquire))) {
      backoff.Reset();
    } else if (!stopping_) {
      pause_.expires_after(backoff.Next());
      co_await pause_.async_wait(kTuple);
    }
  }
}

awaitable<bool> Runner::Acquire(int most) {
  pb::AcquireLeasesRequest request;
  request.set_worker_id(worker_id_);
  request.set_max_leases(most);
  Encode(kAcquireWait, request.mutable_wait());
  const auto since = Clock::now();
  auto response = co_await rpc::Call<pb::AcquireLeasesResponse>(
      work_->async(), &Calls::AcquireLeases,
      base::CallContext::Background(worker_id_, kAcquireWait + kAcquireSlack), std::move(request));
  if (!response.ok()) {
    if (!stopping_) {
      obs::Log(obs::Level::kWarn, "no work could be had",
               {{"error", base::Describe(response.status())}});
    }
    co_return false;
  }
  for (pb::WorkItem& item : *response->mutable_items()) {
    auto job = std::make_shared<Job>(executor_, std::move(item));
    leases_.Add(job, since, Decode(response->term()));
    Begin(std::move(job));
  }
  co_return true;
}

void Runner::Begin(std::shared_ptr<Job> job) {
  job->provider = registry_.Find(job->provider_name());
  job->stopping = stopping_;
  ++running_;
  working_[fmt::format("{}/{}", job->id(), job->item.lease().token())] = job;
  asio::co_spawn(executor_, Work(job),
                 asio::bind_cancellation_slot(job->abort.slot(), asio::detached));
}

awaitable<void> Runner::Work(std::shared_ptr<Job> job) {
  co_await asio::this_coro::throw_if_cancelled(false);
  milliseconds delay(0);
  if (job->provider == nullptr) {
    obs::Log(obs::Level::kWarn, "no such provider here",
             {{"generation_id", job->id()}, {"provider", job->provider_name()}});
    delay = kUnknownProviderDelay;
  } else {
    try {
      co_await Steps(*job);
    } catch (const std::exception& error) {
      obs::Log(obs::Level::kError, "a job broke",
               {{"generation_id", job->id()}, {"error", error.what()}});
    }
    // What nobody took away and nothing ended goes back.
    if (!job->stopping) delay = kTroubleDelay;
  }
  if (leases_.Remove(*job)) co_await orchestrator_.Release(*job, delay);
  working_.erase(fmt::format("{}/{}", job->id(), job->item.lease().token()));
  --running_;
  if (stopping_ && running_ == 0) Leave();
  ended_.Notify();
}

awaitable<void> Runner::Steps(Job& job) {
  std::string current;
  const auto step = job.item.generation().step();
  bool taken_over = step == pb::GENERATION_STEP_SUBMITTED;
  std::optional<pb::WorkDirective> directive;
  switch (step) {
    case pb::GENERATION_STEP_QUEUED:
      Enter(current, "submitting");
      directive = co_await submitter_.Submit(job);
      break;
    case pb::GENERATION_STEP_SUBMITTING:
    case pb::GENERATION_STEP_RECONCILING:
      Enter(current, "reconciling");
      directive = co_await submitter_.Resume(job);
      break;
    case pb::GENERATION_STEP_SUBMITTED:
      directive.emplace();
      directive->set_action(pb::WORK_ACTION_FOLLOW);
      break;
    case pb::GENERATION_STEP_STORING:
      directive.emplace();
      directive->set_action(pb::WORK_ACTION_STORE);
      break;
    default:
      break;
  }
  while (directive) {
    if (directive->action() == pb::WORK_ACTION_DROP) job.lost = true;  // ended, or queued again
    if (job.over()) break;
    if (directive->has_attempt()) job.attempt = directive->attempt();
    switch (directive->action()) {
      case pb::WORK_ACTION_FOLLOW:
        Enter(current, "submitted");
        directive = co_await follower_.Follow(job, std::exchange(taken_over, false));
        break;
      case pb::WORK_ACTION_RECONCILE: {
        Enter(current, "reconciling");
        const milliseconds delay = Decode(directive->delay());
        directive = co_await submitter_.Reconcile(job, delay);
        break;
      }
      case pb::WORK_ACTION_STORE:
        Enter(current, "storing");
        co_await storer_.Store(job);
        directive.reset();
        break;
      default:
        directive.reset();
        break;
    }
  }
  Enter(current, "");
}

void Runner::Enter(std::string& current, const char* step) {
  const auto add = [this](const std::string& name, int count) {
    obs::SetGauge("mediarouter_worker_jobs", "Generations that this worker holds, by step.",
                  {{"step", name}}, by_step_[name] += count);
  };
  if (!current.empty()) add(current, -1);
  current = step;
  if (!current.empty()) add(current, 1);
}

}  // namespace mediarouter::worker
