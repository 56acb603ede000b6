#include "worker/progress_reporter.h"

#include "base/status.h"
#include "obs/log.h"
#include "rpc/awaitable_call.h"

namespace mediarouter::worker {
namespace {

using WorkCalls = class generation::v1::WorkService::Stub::async;

constexpr int kMostPerCall = 1'000;
constexpr milliseconds kCallBudget{5'000};

}  // namespace

ProgressReporter::ProgressReporter(const boost::asio::any_io_executor& executor,
                                   generation::v1::WorkService::Stub& work, milliseconds interval)
    : work_(work), interval_(interval), timer_(executor) {}

void ProgressReporter::Note(const Job& job, int percent) {
  generation::v1::Progress& progress = changed_[job.id()];
  *progress.mutable_lease() = job.item.lease();
  progress.set_percent(percent);
}

awaitable<void> ProgressReporter::Run() {
  while (!stopping_) {
    timer_.expires_after(interval_);
    co_await timer_.async_wait(kTuple);
    while (!changed_.empty() && !stopping_) co_await Send();
  }
}

void ProgressReporter::Stop() {
  stopping_ = true;
  timer_.cancel();
}

awaitable<void> ProgressReporter::Send() {
  generation::v1::ReportProgressRequest request;
  while (!changed_.empty() && request.progress_size() < kMostPerCall) {
    const auto first = changed_.begin();
    *request.add_progress() = std::move(first->second);
    changed_.erase(first);
  }
  const auto response = co_await rpc::Call<google::protobuf::Empty>(
      work_.async(), &WorkCalls::ReportProgress,
      base::CallContext::Background("progress", kCallBudget), std::move(request));
  if (!response.ok()) {
    obs::Log(obs::Level::kDebug, "progress was not reported",
             {{"error", base::Describe(response.status())}});
  }
}

}  // namespace mediarouter::worker
