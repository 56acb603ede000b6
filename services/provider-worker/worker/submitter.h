#pragma once

#include <map>
#include <optional>
#include <string>

#include "httpc/http_client.h"
#include "worker/config.h"
#include "worker/key_cache.h"
#include "worker/orchestrator.h"

namespace mediarouter::worker {

// Sends jobs to providers, once each, and finds out what became of sends without an answer.
// Nullopt from its methods: the job is over for this worker. Used on the worker's thread only.
class Submitter {
 public:
  Submitter(const boost::asio::any_io_executor& executor, const RunnerConfig& config,
            httpc::HttpClient& client, KeyCache& keys, LeaseKeeper& leases,
            Orchestrator& orchestrator);

  awaitable<std::optional<pb::WorkDirective>> Submit(Job& job);

  // For a job whose send began under another lease: what the orchestrator wants done.
  awaitable<std::optional<pb::WorkDirective>> Resume(Job& job);

  awaitable<std::optional<pb::WorkDirective>> Reconcile(Job& job, milliseconds delay);

  // Jobs that wait for their turn give up.
  void Close();

 private:
  // The sends to one provider.
  struct Lane {
    Lane(const boost::asio::any_io_executor& executor, int concurrency)
        : turn(executor, concurrency), alone(executor, 1) {}
    Semaphore turn;
    Semaphore alone;       // while no key is known
    std::int64_t key = 0;  // that the latest attempt took; 0: none could be read
  };
  struct Report {
    pb::SubmitOutcome outcome = pb::SUBMIT_OUTCOME_AMBIGUOUS;
    std::string job_id;
    providers::Fault fault;
  };

  awaitable<bool> Begin(Job& job);
  awaitable<Report> Send(Job& job, Clock::time_point begin,
                         const absl::StatusOr<KeyCache::Secret>& key);
  awaitable<std::optional<pb::WorkDirective>> Record(Job& job, Report report);
  Lane& LaneOf(const std::string& provider);

  const boost::asio::any_io_executor executor_;
  const RunnerConfig& config_;
  httpc::HttpClient& client_;
  KeyCache& keys_;
  LeaseKeeper& leases_;
  Orchestrator& orchestrator_;
  std::map<std::string, Lane> lanes_;
};

}  // namespace mediarouter::worker
