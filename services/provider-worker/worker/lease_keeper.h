#pragma once

#include <map>
#include <memory>
#include <string>

#include "mediarouter/generation/v1/work_service.grpc.pb.h"
#include "worker/job.h"

namespace mediarouter::worker {

// Keeps the leases of all held jobs alive, by one call for all of them each third of a term, and
// tells jobs that they were lost or called off. A lease is trusted until a margin before the time
// that counts from when the call that gave it began. Used on the worker's thread only.
class LeaseKeeper {
 public:
  LeaseKeeper(const boost::asio::any_io_executor& executor, generation::v1::WorkService::Stub& work,
              std::string worker_id);

  // Until Stop().
  awaitable<void> Run();
  void Stop();

  // A job that an Acquire which began at `since` handed out. One that was held before under the
  // same id is lost.
  void Add(std::shared_ptr<Job> job, Clock::time_point since, milliseconds term);
  // The job has come to its end; false when the lease is not its own any more.
  bool Remove(const Job& job);

  // Waits until the job's lease is good for `time` more, renewing it when needed. False when the
  // job is over instead.
  awaitable<bool> Trusted(Job& job, milliseconds time);

  // How long a send may take under a lease.
  milliseconds LongestSend() const { return term_ - Margin() - term_ / 6; }

  const std::map<std::string, std::shared_ptr<Job>>& jobs() const { return jobs_; }

 private:
  milliseconds Margin() const;
  awaitable<bool> Renew();

  generation::v1::WorkService::Stub& work_;
  const std::string worker_id_;
  std::map<std::string, std::shared_ptr<Job>> jobs_;
  milliseconds term_{45'000};
  bool stopping_ = false;
  bool wanted_ = false;  // a renewal out of turn
  boost::asio::steady_timer timer_;
  Signal renewed_;
};

}  // namespace mediarouter::worker
