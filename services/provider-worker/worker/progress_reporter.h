#pragma once

#include <map>
#include <memory>
#include <string>

#include "mediarouter/generation/v1/work_service.grpc.pb.h"
#include "worker/job.h"

namespace mediarouter::worker {

// Collects what polls show and reports the changes of all jobs by one call each interval. A report
// that fails is not repeated: the next change makes up for it. Used on the worker's thread only.
class ProgressReporter {
 public:
  ProgressReporter(const boost::asio::any_io_executor& executor,
                   generation::v1::WorkService::Stub& work, milliseconds interval);

  void Note(const Job& job, int percent);
  awaitable<void> Run();  // until Stop()
  void Stop();

 private:
  awaitable<void> Send();

  generation::v1::WorkService::Stub& work_;
  const milliseconds interval_;
  std::map<std::string, generation::v1::Progress> changed_;
  bool stopping_ = false;
  boost::asio::steady_timer timer_;
};

}  // namespace mediarouter::worker
