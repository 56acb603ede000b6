#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>

#include "base/backoff.h"
#include "base/status.h"
#include "mediarouter/generation/v1/work_service.grpc.pb.h"
#include "obs/log.h"
#include "rpc/awaitable_call.h"
#include "worker/job.h"
#include "worker/lease_keeper.h"

namespace mediarouter::worker {

// The orchestrator as jobs see it: their reports, repeated until they are answered. Used on the
// worker's thread only.
class Orchestrator {
 public:
  using Calls = class generation::v1::WorkService::Stub::async;
  template <typename Request, typename Response>
  using Method = void (Calls::*)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>);

  Orchestrator(generation::v1::WorkService::Stub& work, LeaseKeeper& leases)
      : work_(work), leases_(leases) {}

  // One report under the job's lease. Nullopt when the job is over: its lease is lost, or the
  // report does not fit what the orchestrator knows.
  template <typename Request, typename Response>
  awaitable<std::optional<Response>> Report(Job& job, Method<Request, Response> method,
                                            Request request) {
    base::Backoff backoff(milliseconds(100), milliseconds(10'000));
    while (co_await leases_.Trusted(job, milliseconds(0))) {
      absl::StatusOr<Response> response =
          co_await rpc::Call<Response>(work_.async(), method, Context(job), request);
      if (response.ok()) co_return *std::move(response);
      if (IsFinal(job, response.status()) || job.stopping) break;
      co_await job.Sleep(backoff.Next());
    }
    co_return std::nullopt;
  }

  // Evidence of a paid job: goes on after the lease is lost and while the worker is stopping, until
  // it is answered or `aborted`. Nullopt when the answer lets nothing follow.
  awaitable<std::optional<pb::WorkDirective>> ReportEvidence(Job& job,
                                                             pb::RecordSubmitRequest request);

  // Gives the generation back, as well as that can be done.
  awaitable<void> Release(Job& job, milliseconds delay);

  // A call that the caller repeats itself.
  template <typename Request, typename Response>
  awaitable<absl::StatusOr<Response>> Once(Job& job, Method<Request, Response> method,
                                           Request request) {
    return rpc::Call<Response>(work_.async(), method, Context(job), std::move(request));
  }

  // Whether an answer says that the generation is not this worker's any more.
  static bool IsOver(const absl::Status& status);

  // No report waits any longer.
  void Abort() { aborted_ = true; }

 private:
  static base::CallContext Context(const Job& job);
  // Whether asking again is of no use; tells the job.
  static bool IsFinal(Job& job, const absl::Status& status);

  generation::v1::WorkService::Stub& work_;
  LeaseKeeper& leases_;
  bool aborted_ = false;
};

}  // namespace mediarouter::worker
