#pragma once

#include <grpcpp/support/client_callback.h>

#include <atomic>
#include <mutex>
#include <optional>

#include "rpc/awaitable_call.h"

// Client and server streams of gRPC's callback API as awaitables. Each object is used by one
// coroutine at a time and may be dropped at any point: what gRPC still holds ends by itself.
// Triggering the coroutine's cancellation slot cancels the call.
namespace mediarouter::rpc {

// Client streaming: Write each message, then Finish.
//   AwaitableWriter<IngestAssetRequest, Asset> writer(call);
//   writer.Start(stub->async(), &AsyncStub::IngestAsset);
template <typename Request, typename Response>
class AwaitableWriter {
 public:
  explicit AwaitableWriter(const base::CallContext& call)
      : state_(std::make_shared<State>(MakeClientContext(call))) {}
  ~AwaitableWriter() {
    if (state_ && !state_->finishing) state_->context->TryCancel();
    if (state_) state_->ReleaseHold();
  }
  AwaitableWriter(const AwaitableWriter&) = delete;
  AwaitableWriter& operator=(const AwaitableWriter&) = delete;

  template <typename AsyncStub>
  void Start(AsyncStub* stub, void (AsyncStub::*method)(grpc::ClientContext*, Response*,
                                                        grpc::ClientWriteReactor<Request>*)) {
    state_->self = state_;  // until OnDone
    (stub->*method)(state_->context.get(), &state_->response, state_.get());
    // Writes start outside reactions: without the hold gRPC may end the reactor under them.
    state_->AddHold();
    state_->held = true;
    state_->StartCall();
  }

  // False when the server wants no more: Finish() tells why.
  boost::asio::awaitable<bool> Write(Request request) {
    if (state_->answered) co_return false;
    state_->request = std::move(request);
    auto start = [state = state_](std::function<void(bool)> done) {
      state->SetWriteDone(std::move(done));
      state->StartWrite(&state->request);
    };
    auto cancel = [state = state_] { state->context->TryCancel(); };
    co_return co_await AwaitCallback<bool>(std::move(start), std::move(cancel),
                                           boost::asio::use_awaitable);
  }

  boost::asio::awaitable<absl::StatusOr<Response>> Finish() {
    state_->finishing = true;
    state_->StartWritesDone();
    state_->ReleaseHold();
    auto start = [state = state_](std::function<void(grpc::Status)> done) {
      state->SetFinished(std::move(done));
    };
    auto cancel = [state = state_] { state->context->TryCancel(); };
    const grpc::Status status = co_await AwaitCallback<grpc::Status>(
        std::move(start), std::move(cancel), boost::asio::use_awaitable);
    if (!status.ok()) co_return FromGrpc(status);
    co_return std::move(state_->response);
  }

 private:
  struct State final : grpc::ClientWriteReactor<Request> {
    explicit State(std::unique_ptr<grpc::ClientContext> client) : context(std::move(client)) {}

    // A server of client streaming speaks when it ends. Without this a writer in process would not
    // learn of an early end: gRPC reports what it dropped there as written.
    void OnReadInitialMetadataDone(bool) override { answered = true; }
    void SetWriteDone(std::function<void(bool)> done) {
      const std::lock_guard lock(mutex);
      write_done = std::move(done);
    }
    void OnWriteDone(bool ok) override {
      std::function<void(bool)> done;
      {
        const std::lock_guard lock(mutex);
        done.swap(write_done);
      }
      if (done) done(ok);
    }
    void SetFinished(std::function<void(grpc::Status)> done) {
      std::unique_lock lock(mutex);
      if (status) {
        lock.unlock();
        done(*status);
      } else {
        finished = std::move(done);
      }
    }
    void OnDone(const grpc::Status& result) override {
      std::function<void(grpc::Status)> done;
      std::shared_ptr<State> keep = std::move(self);
      {
        const std::lock_guard lock(mutex);
        status = result;
        done.swap(finished);
      }
      if (done) done(result);
    }
    void ReleaseHold() {
      if (std::exchange(held, false)) this->RemoveHold();
    }

    std::unique_ptr<grpc::ClientContext> context;
    Request request;
    Response response;
    std::mutex mutex;
    std::atomic<bool> answered = false;
    std::function<void(bool)> write_done;
    std::function<void(grpc::Status)> finished;
    std::optional<grpc::Status> status;
    std::shared_ptr<State> self;
    bool held = false;
    bool finishing = false;
  };

  std::shared_ptr<State> state_;
};

// Server streaming: Read until nullopt, then status() tells how it ended.
template <typename Response>
class AwaitableReader {
 public:
  explicit AwaitableReader(const base::CallContext& call)
      : state_(std::make_shared<State>(MakeClientContext(call))) {}
  ~AwaitableReader() {
    state_->context->TryCancel();
    state_->ReleaseHold();
  }
  AwaitableReader(const AwaitableReader&) = delete;
  AwaitableReader& operator=(const AwaitableReader&) = delete;

  template <typename AsyncStub, typename Request>
  void Start(AsyncStub* stub,
             void (AsyncStub::*method)(grpc::ClientContext*, const Request*,
                                       grpc::ClientReadReactor<Response>*),
             const Request& request) {
    state_->self = state_;
    (stub->*method)(state_->context.get(), &request, state_.get());
    state_->AddHold();
    state_->held = true;
    state_->StartCall();
  }

  // The next message; nullopt when the stream has ended.
  boost::asio::awaitable<std::optional<Response>> Read() {
    if (ended_) co_return std::nullopt;
    auto start = [state = state_](std::function<void(bool)> done) {
      state->SetReadDone(std::move(done));
      state->StartRead(&state->response);
    };
    auto cancel = [state = state_] { state->context->TryCancel(); };
    const bool ok = co_await AwaitCallback<bool>(std::move(start), std::move(cancel),
                                                 boost::asio::use_awaitable);
    if (!ok) {
      ended_ = true;
      co_return std::nullopt;
    }
    co_return std::move(state_->response);
  }

  // Only after Read() gave nullopt.
  boost::asio::awaitable<absl::Status> Status() {
    state_->ReleaseHold();
    auto start = [state = state_](std::function<void(grpc::Status)> done) {
      state->SetFinished(std::move(done));
    };
    auto cancel = [state = state_] { state->context->TryCancel(); };
    const grpc::Status status = co_await AwaitCallback<grpc::Status>(
        std::move(start), std::move(cancel), boost::asio::use_awaitable);
    co_return FromGrpc(status);
  }

 private:
  struct State final : grpc::ClientReadReactor<Response> {
    explicit State(std::unique_ptr<grpc::ClientContext> client) : context(std::move(client)) {}

    void SetReadDone(std::function<void(bool)> done) {
      const std::lock_guard lock(mutex);
      read_done = std::move(done);
    }
    void OnReadDone(bool ok) override {
      std::function<void(bool)> done;
      {
        const std::lock_guard lock(mutex);
        done.swap(read_done);
      }
      if (done) done(ok);
    }
    void SetFinished(std::function<void(grpc::Status)> done) {
      std::unique_lock lock(mutex);
      if (status) {
        lock.unlock();
        done(*status);
      } else {
        finished = std::move(done);
      }
    }
    void OnDone(const grpc::Status& result) override {
      std::function<void(grpc::Status)> done;
      std::shared_ptr<State> keep = std::move(self);
      {
        const std::lock_guard lock(mutex);
        status = result;
        done.swap(finished);
      }
      if (done) done(result);
    }
    void ReleaseHold() {
      if (std::exchange(held, false)) this->RemoveHold();
    }

    std::unique_ptr<grpc::ClientContext> context;
    Response response;
    std::mutex mutex;
    std::function<void(bool)> read_done;
    std::function<void(grpc::Status)> finished;
    std::optional<grpc::Status> status;
    std::shared_ptr<State> self;
    bool held = false;
  };

  std::shared_ptr<State> state_;
  bool ended_ = false;
};

}  // namespace mediarouter::rpc
