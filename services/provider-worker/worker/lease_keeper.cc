#include "worker/lease_keeper.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/status.h"
#include "obs/log.h"
#include "rpc/awaitable_call.h"
#include "worker/proto_codec.h"

namespace mediarouter::worker {
namespace {

using WorkCalls = class generation::v1::WorkService::Stub::async;

constexpr milliseconds kLongestMargin{5'000};
constexpr milliseconds kCallBudget{10'000};

}  // namespace

LeaseKeeper::LeaseKeeper(const boost::asio::any_io_executor& executor,
                         generation::v1::WorkService::Stub& work, std::string worker_id)
    : work_(work), worker_id_(std::move(worker_id)), timer_(executor), renewed_(executor) {}

milliseconds LeaseKeeper::Margin() const { return std::min(kLongestMargin, term_ / 6); }

awaitable<void> LeaseKeeper::Run() {
  base::Backoff backoff(milliseconds(100), milliseconds(2'000));
  while (!stopping_) {
    if (!wanted_) {
      timer_.expires_after(term_ / 3);
      co_await timer_.async_wait(kTuple);
    }
    wanted_ = false;
    if (stopping_ || jobs_.empty()) continue;
    if (co_await Renew()) {
      backoff.Reset();
      continue;
    }
    timer_.expires_after(backoff.Next());
    co_await timer_.async_wait(kTuple);
    wanted_ = true;
  }
}

void LeaseKeeper::Stop() {
  stopping_ = true;
  timer_.cancel();
  renewed_.Notify();
}

void LeaseKeeper::Add(std::shared_ptr<Job> job, Clock::time_point since, milliseconds term) {
  if (term > milliseconds(0) && term != term_) {
    term_ = term;
    timer_.cancel();  // the next renewal may be due earlier
  }
  job->trusted_until = since + term_ - Margin();
  std::shared_ptr<Job>& slot = jobs_[job->id()];
  if (slot) slot->Lose();
  slot = std::move(job);
}

bool LeaseKeeper::Remove(const Job& job) {
  const auto found = jobs_.find(job.id());
  if (found == jobs_.end() || found->second.get() != &job) return false;
  jobs_.erase(found);
  return !job.lost;
}

awaitable<bool> LeaseKeeper::Trusted(Job& job, milliseconds time) {
  while (!job.lost) {
    if (Clock::now() + time <= job.trusted_until) co_return true;
    if (stopping_ || job.stopping) break;
    wanted_ = true;
    timer_.cancel();
    co_await renewed_.Wait();
  }
  co_return false;
}

awaitable<bool> LeaseKeeper::Renew() {
  generation::v1::RenewLeasesRequest request;
  request.set_worker_id(worker_id_);
  for (const auto& [id, job] : jobs_) *request.add_leases() = job->item.lease();
  const std::map<std::string, std::shared_ptr<Job>> asked = jobs_;
  const auto since = Clock::now();
  auto response = co_await rpc::Call<generation::v1::RenewLeasesResponse>(
      work_.async(), &WorkCalls::RenewLeases,
      base::CallContext::Background(worker_id_, std::min(kCallBudget, term_ / 3)),
      std::move(request));
  if (!response.ok()) {
    obs::Log(obs::Level::kWarn, "leases could not be renewed",
             {{"jobs", asked.size()}, {"error", base::Describe(response.status())}});
    co_return false;
  }
  if (response->has_term()) term_ = Decode(response->term());
  for (const std::string& id : response->lost_generation_ids()) {
    const auto job = asked.find(id);
    if (job != asked.end()) job->second->Lose();
  }
  for (const std::string& id : response->cancel_generation_ids()) {
    const auto job = asked.find(id);
    if (job == asked.end() || job->second->cancel_requested) continue;
    job->second->cancel_requested = true;
    job->second->timer.cancel();
  }
  for (const auto& [id, job] : asked) {
    if (!job->lost) job->trusted_until = since + term_ - Margin();
  }
  renewed_.Notify();
  co_return true;
}

}  // namespace mediarouter::worker
