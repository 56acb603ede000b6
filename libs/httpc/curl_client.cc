#include <boost/asio/use_awaitable.hpp>

#include "base/await_callback.h"
#include "base/status.h"
#include "base/strings.h"
#include "httpc/curl_loop.h"
#include "httpc/http_client.h"

namespace mediarouter::httpc {
namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;

// A buffer that is full lets the transfer pause.
constexpr std::size_t kDownloadBufferBytes = 256 * 1024;

// An exchange whose answer is taken whole.
class SendTransfer final : public Transfer {
 public:
  using Done = std::function<void(absl::StatusOr<HttpResponse>)>;

  SendTransfer(HttpRequest request, Done done)
      : Transfer(std::move(request)), done_(std::move(done)) {}

 private:
  std::size_t OnBody(const char* data, std::size_t size) override {
    std::string& body = response().body;
    if (body.size() + size > request().max_body_bytes) {
      MarkTooLarge();
      return 0;
    }
    body.append(data, size);
    return size;
  }

  void OnEnd(absl::Status status) override {
    if (status.ok()) {
      done_(std::move(response()));
    } else {
      done_(std::move(status));
    }
  }

  Done done_;
};

// An exchange whose body is read while it comes.
class DownloadTransfer final : public Transfer {
 public:
  using HeadDone = std::function<void(absl::Status)>;
  using Chunk = absl::StatusOr<std::string>;

  DownloadTransfer(HttpRequest request, HeadDone head_done)
      : Transfer(std::move(request)), head_told_(std::move(head_done)) {}

  // After the head was told nobody writes to it.
  const HttpResponse& head() { return response(); }

  Clock::time_point Deadline() const override {
    if (!head_done()) return Transfer::Deadline();
    return paused_ ? Clock::time_point::max() : last_byte_ + request().stall_timeout;
  }

  // Any thread. Tells the next bytes, now or when they come; true when the transfer waits for
  // Resume().
  bool Read(std::function<void(Chunk)> done) {
    std::unique_lock lock(mutex_);
    if (buffer_.empty() && !end_) {
      reader_ = std::move(done);
      return false;
    }
    Chunk chunk = buffer_.empty() && !end_->ok() ? Chunk(*end_) : Chunk(std::move(buffer_));
    buffer_.clear();
    const bool resume = std::exchange(full_, false);
    lock.unlock();
    done(std::move(chunk));
    return resume;
  }

  // Loop's thread.
  void Resume() {
    if (!paused_) return;
    paused_ = false;
    last_byte_ = Clock::now();
    curl_easy_pause(easy(), CURLPAUSE_CONT);
  }

 private:
  void OnHead() override {
    last_byte_ = Clock::now();
    std::exchange(head_told_, nullptr)(absl::OkStatus());
  }

  std::size_t OnBody(const char* data, std::size_t size) override {
    std::unique_lock lock(mutex_);
    if (!buffer_.empty() && buffer_.size() + size > kDownloadBufferBytes) {
      full_ = true;
      paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    last_byte_ = Clock::now();
    if (!reader_) {
      buffer_.append(data, size);
      return size;
    }
    const auto reader = std::exchange(reader_, nullptr);
    lock.unlock();
    reader(Chunk(std::string(data, size)));
    return size;
  }

  void OnEnd(absl::Status status) override {
    paused_ = false;
    if (head_told_) {
      head_told_(std::move(status));
      return;
    }
    if (status.code() == absl::StatusCode::kDeadlineExceeded) {
      status = base::DeadlineExceeded("stalled", "the body stopped coming");
    } else if (!status.ok()) {
      status = base::DataLoss("truncated", "the body ended early: {}", base::Message(status));
    }
    std::unique_lock lock(mutex_);
    end_ = status;
    const auto reader = std::exchange(reader_, nullptr);
    lock.unlock();
    if (!reader) return;
    if (status.ok()) {
      reader(Chunk(std::string()));
    } else {
      reader(Chunk(std::move(status)));
    }
  }

  HeadDone head_told_;  // until the head was told
  bool paused_ = false;
  Clock::time_point last_byte_;

  std::mutex mutex_;
  std::string buffer_;
  bool full_ = false;  // bytes wait at the peer
  std::optional<absl::Status> end_;
  std::function<void(Chunk)> reader_;
};

class CurlDownload final : public HttpDownload {
 public:
  CurlDownload(std::shared_ptr<CurlLoop> loop, std::shared_ptr<DownloadTransfer> transfer)
      : loop_(std::move(loop)), transfer_(std::move(transfer)) {}
  ~CurlDownload() override { loop_->Abort(transfer_); }

  const HttpResponse& Head() const override { return transfer_->head(); }

  std::optional<std::uint64_t> ContentLength() const override {
    const auto field = Head().Header("content-length");
    const auto length = field ? base::ParseInt(*field) : std::nullopt;
    if (!length || *length < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*length);
  }

  awaitable<absl::StatusOr<std::string>> Read() override {
    auto start = [this](std::function<void(DownloadTransfer::Chunk)> done) {
      if (transfer_->Read(std::move(done))) {
        loop_->Post([transfer = transfer_] { transfer->Resume(); });
      }
    };
    co_return co_await base::AwaitCallback<DownloadTransfer::Chunk>(std::move(start),
                                                                    use_awaitable);
  }

 private:
  std::shared_ptr<CurlLoop> loop_;
  std::shared_ptr<DownloadTransfer> transfer_;
};

class CurlClient final : public HttpClient {
 public:
  ~CurlClient() override { loop_->Stop(); }

  awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override {
    auto start = [this, &request](SendTransfer::Done done) {
      loop_->Start(std::make_shared<SendTransfer>(std::move(request), std::move(done)));
    };
    co_return co_await base::AwaitCallback<absl::StatusOr<HttpResponse>>(std::move(start),
                                                                         use_awaitable);
  }

  awaitable<absl::StatusOr<std::unique_ptr<HttpDownload>>> Open(HttpRequest request) override {
    std::shared_ptr<DownloadTransfer> transfer;
    auto start = [&](DownloadTransfer::HeadDone done) {
      transfer = std::make_shared<DownloadTransfer>(std::move(request), std::move(done));
      loop_->Start(transfer);
    };
    absl::Status status =
        co_await base::AwaitCallback<absl::Status>(std::move(start), use_awaitable);
    if (!status.ok()) co_return status;
    std::unique_ptr<HttpDownload> download =
        std::make_unique<CurlDownload>(loop_, std::move(transfer));
    co_return download;
  }

  void Stop() override { loop_->Stop(); }

 private:
  const std::shared_ptr<CurlLoop> loop_ = std::make_shared<CurlLoop>();
};

}  // namespace

std::unique_ptr<HttpClient> MakeCurlClient() { return std::make_unique<CurlClient>(); }

}  // namespace mediarouter::httpc
