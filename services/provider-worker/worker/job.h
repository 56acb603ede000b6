#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "mediarouter/generation/v1/work_service.pb.h"
#include "providers/provider.h"
#include "worker/coroutines.h"

namespace mediarouter::worker {

namespace pb = generation::v1;

// One generation that this worker holds. Touched on the worker's thread only.
struct Job {
  Job(const boost::asio::any_io_executor& executor, pb::WorkItem work_item)
      : item(std::move(work_item)), attempt(item.attempt()), timer(executor) {}

  const std::string& id() const { return item.lease().generation_id(); }
  const std::string& provider_name() const { return item.generation().provider(); }
  // Nothing more may be done for it, but for evidence.
  bool over() const { return lost || stopping; }

  // Sleeps, or less when something happened to the job.
  awaitable<void> Sleep(milliseconds time) {
    timer.expires_after(time);
    co_await timer.async_wait(kTuple);
  }
  void Lose() {
    lost = true;
    timer.cancel();
  }

  pb::WorkItem item;
  pb::SubmitAttempt attempt;
  const providers::Provider* provider = nullptr;
  Clock::time_point trusted_until;  // of the lease, by our own clock, with a margin
  bool lost = false;                // somebody else has it, or it has ended
  bool stopping = false;            // the worker is going away
  bool cancel_requested = false;
  boost::asio::steady_timer timer;
  boost::asio::cancellation_signal abort;  // ends calls under way when time is up
};

}  // namespace mediarouter::worker
