#pragma once

#include <curl/curl.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "httpc/curl_transfer.h"

namespace mediarouter::httpc {

// curl's multi interface on one thread. At most 64 transfers at once to an origin and 512 in all;
// the others wait their turn, while their time-outs run. Paid creates never wait: whoever sends
// them bounds their number. Thread-safe.
class CurlLoop {
 public:
  CurlLoop();
  ~CurlLoop();  // Stop()
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Begins a transfer; its end is told by Transfer::Finish or Fail on the loop's thread.
  void Start(std::shared_ptr<Transfer> transfer);
  // Ends it, unless it has ended, by CURLE_ABORTED_BY_CALLBACK.
  void Abort(std::shared_ptr<Transfer> transfer);
  // Runs `task` on the loop's thread; not at all after Stop().
  void Post(std::function<void()> task);
  // Ends all transfers. May be called again.
  void Stop();

 private:
  using Clock = Transfer::Clock;
  struct Host {
    int active = 0;
    std::deque<std::shared_ptr<Transfer>> waiting;
  };

  void Run();
  void Enqueue(std::shared_ptr<Transfer> transfer);
  void Admit();
  void Begin(std::shared_ptr<Transfer> transfer);
  void End(CURL* easy, CURLcode code);
  void Harvest();
  Clock::time_point Expire(Clock::time_point now);  // returns when to look again
  void EndAll();

  CURLM* multi_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool stopping_ = false;

  // The loop's thread only.
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> active_;
  std::unordered_map<std::string, Host> hosts_;

  std::once_flag joined_;
  std::thread thread_;
};

}  // namespace mediarouter::httpc
