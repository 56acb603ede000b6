#pragma once

#include <absl/status/status.h>
#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>

#include "httpc/message.h"

namespace mediarouter::httpc {

// One exchange on a curl handle. Everything but the constructor runs on the loop's thread
// (curl_loop.h); what the subclasses share with other threads they guard themselves.
class Transfer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Transfer(HttpRequest request);
  virtual ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // InvalidArgument when the request cannot be sent by anybody.
  absl::Status Prepare();

  CURL* easy() const { return easy_; }
  const std::string& origin() const { return origin_; }
  bool send_once() const { return request_.send_once; }

  // When it is given up; moves while a download goes on.
  virtual Clock::time_point Deadline() const { return begin_ + request_.timeout; }

  // The end, once: by curl's word, or before it began.
  void Finish(CURLcode code) { OnEnd(code == CURLE_OK ? absl::OkStatus() : Classify(code)); }
  void Fail(absl::Status status) { OnEnd(std::move(status)); }

 protected:
  // The final status line and fields are there.
  virtual void OnHead() {}
  // Takes bytes: their count, CURL_WRITEFUNC_PAUSE, or 0 to break off.
  virtual std::size_t OnBody(const char* data, std::size_t size) = 0;
  virtual void OnEnd(absl::Status status) = 0;

  const HttpRequest& request() const { return request_; }
  HttpResponse& response() { return response_; }
  bool head_done() const { return head_done_; }
  void MarkTooLarge() { too_large_ = true; }

 private:
  bool HeaderLine(std::string_view line);
  absl::Status Classify(CURLcode code) const;

  static std::size_t OnHeaderLine(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnData(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);

  HttpRequest request_;
  const Clock::time_point begin_ = Clock::now();
  std::string origin_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};
  HttpResponse response_;
  std::size_t head_bytes_ = 0;
  bool head_done_ = false;
  bool too_large_ = false;
  bool forbidden_ = false;
};

}  // namespace mediarouter::httpc
