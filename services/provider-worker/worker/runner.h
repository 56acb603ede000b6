#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <map>
#include <memory>
#include <string>

#include "worker/channels.h"
#include "worker/follower.h"
#include "worker/storer.h"
#include "worker/submitter.h"

namespace mediarouter::worker {

// Takes generations from the orchestrator and works on each in a coroutine of its own. Everything
// runs on the one thread of `executor`, also Start, Stop and Abort.
class Runner {
 public:
  Runner(const boost::asio::any_io_executor& executor, const RunnerConfig& config,
         const providers::Registry& registry, httpc::HttpClient& client, const Channels& channels);

  void Start();

  // Takes nothing new; jobs end at their next step and give their leases back, sends to providers
  // under way come to their end first.
  void Stop();
  // Breaks off what is still under way.
  void Abort();
  // Whether all has ended after Stop().
  bool idle() const { return loops_ == 0 && running_ == 0; }

 private:
  awaitable<void> AcquireLoop();
  awaitable<bool> Acquire(int most);
  awaitable<void> Loop(awaitable<void> body);
  void Leave();
  awaitable<void> Farewell();
  void Begin(std::shared_ptr<Job> job);
  awaitable<void> Work(std::shared_ptr<Job> job);
  awaitable<void> Steps(Job& job);
  void Enter(std::string& current, const char* step);

  const boost::asio::any_io_executor executor_;
  const RunnerConfig config_;
  const providers::Registry& registry_;
  const std::string worker_id_;
  std::unique_ptr<generation::v1::WorkService::Stub> work_;
  KeyCache keys_;
  LeaseKeeper leases_;
  Orchestrator orchestrator_;
  ProgressReporter progress_;
  Submitter submitter_;
  Follower follower_;
  Storer storer_;
  bool stopping_ = false;
  bool leaving_ = false;
  int loops_ = 0;
  int running_ = 0;  // jobs' coroutines, also of those whose lease is lost
  std::map<std::string, std::shared_ptr<Job>> working_;  // those, by id and token
  std::map<std::string, int> by_step_;
  boost::asio::cancellation_signal stop_acquiring_;
  boost::asio::steady_timer pause_;
  Signal ended_;  // a job
};

}  // namespace mediarouter::worker
