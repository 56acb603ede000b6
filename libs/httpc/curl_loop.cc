#include "httpc/curl_loop.h"

#include <pthread.h>

#include <algorithm>

#include "base/status.h"

namespace mediarouter::httpc {
namespace {

constexpr int kMaxPerHost = 64;
constexpr std::size_t kMaxInAll = 512;
constexpr std::chrono::milliseconds kLongestPoll{1'000};

absl::Status Stopped() { return base::Unavailable("not_sent", "the HTTP client has stopped"); }

}  // namespace

CurlLoop::CurlLoop() {
  static std::once_flag global;
  std::call_once(global, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi_ = curl_multi_init();
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(kMaxInAll));
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "http-client");
}

CurlLoop::~CurlLoop() {
  Stop();
  curl_multi_cleanup(multi_);
}

void CurlLoop::Start(std::shared_ptr<Transfer> transfer) {
  if (absl::Status invalid = transfer->Prepare(); !invalid.ok()) {
    transfer->Fail(std::move(invalid));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      tasks_.push_back([this, transfer] { Enqueue(transfer); });
      transfer = nullptr;
    }
  }
  if (transfer) {
    transfer->Fail(Stopped());
  } else {
    curl_multi_wakeup(multi_);
  }
}

void CurlLoop::Abort(std::shared_ptr<Transfer> transfer) {
  Post([this, transfer = std::move(transfer)] {
    End(transfer->easy(), CURLE_ABORTED_BY_CALLBACK);
    if (const auto host = hosts_.find(transfer->origin()); host != hosts_.end()) {
      std::erase(host->second.waiting, transfer);
    }
  });
}

void CurlLoop::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
  }
  curl_multi_wakeup(multi_);
}

void CurlLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_);
  std::call_once(joined_, [this] { thread_.join(); });
}

void CurlLoop::Run() {
  while (true) {
    std::vector<std::function<void()>> tasks;
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
      stopping = stopping_;
    }
    for (const auto& task : tasks) task();
    if (stopping) break;
    // First: a process that was stopped for a while must not send what is overdue by now.
    Expire(Clock::now());
    int running = 0;
    curl_multi_perform(multi_, &running);
    Harvest();
    const auto now = Clock::now();
    const auto next = Expire(now);
    Admit();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
    curl_multi_poll(
        multi_, nullptr, 0,
        static_cast<int>(std::clamp(wait, std::chrono::milliseconds(0), kLongestPoll).count()),
        nullptr);
  }
  EndAll();
}

void CurlLoop::Enqueue(std::shared_ptr<Transfer> transfer) {
  if (transfer->send_once()) {
    Begin(std::move(transfer));
  } else {
    hosts_[transfer->origin()].waiting.push_back(std::move(transfer));
    Admit();
  }
}

void CurlLoop::Admit() {
  for (auto& [origin, host] : hosts_) {
    while (!host.waiting.empty() && host.active < kMaxPerHost && active_.size() < kMaxInAll) {
      std::shared_ptr<Transfer> transfer = std::move(host.waiting.front());
      host.waiting.pop_front();
      Begin(std::move(transfer));
    }
  }
}

void CurlLoop::Begin(std::shared_ptr<Transfer> transfer) {
  ++hosts_[transfer->origin()].active;
  CURL* const easy = transfer->easy();
  active_.emplace(easy, std::move(transfer));
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) End(easy, CURLE_FAILED_INIT);
}

void CurlLoop::End(CURL* easy, CURLcode code) {
  const auto found = active_.find(easy);
  if (found == active_.end()) return;
  const std::shared_ptr<Transfer> transfer = std::move(found->second);
  active_.erase(found);
  curl_multi_remove_handle(multi_, easy);
  --hosts_[transfer->origin()].active;
  transfer->Finish(code);
}

void CurlLoop::Harvest() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) End(message->easy_handle, message->data.result);
  }
}

CurlLoop::Clock::time_point CurlLoop::Expire(Clock::time_point now) {
  auto next = now + kLongestPoll;
  std::vector<CURL*> late;
  for (const auto& [easy, transfer] : active_) {
    const auto deadline = transfer->Deadline();
    if (deadline <= now) {
      late.push_back(easy);
    } else {
      next = std::min(next, deadline);
    }
  }
  for (CURL* easy : late) End(easy, CURLE_OPERATION_TIMEDOUT);
  for (auto host = hosts_.begin(); host != hosts_.end();) {
    auto& waiting = host->second.waiting;
    while (!waiting.empty() && waiting.front()->Deadline() <= now) {
      const std::shared_ptr<Transfer> transfer = std::move(waiting.front());
      waiting.pop_front();
      transfer->Fail(base::DeadlineExceeded("not_sent", "no free connection in time"));
    }
    const bool idle = waiting.empty() && host->second.active == 0;
    host = idle ? hosts_.erase(host) : std::next(host);
  }
  return next;
}

void CurlLoop::EndAll() {
  while (!active_.empty()) End(active_.begin()->first, CURLE_ABORTED_BY_CALLBACK);
  for (auto& [origin, host] : hosts_) {
    for (const auto& transfer : host.waiting) transfer->Fail(Stopped());
  }
  hosts_.clear();
}

}  // namespace mediarouter::httpc
