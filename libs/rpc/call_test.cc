// Calls from client to server over an in-process channel: awaitable_call.h, awaitable_stream.h,
// sync_call.h, context.h, dispatcher.h and server.h together.
#include <grpcpp/channel.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>

#include "base/thread_pool.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "obs/metrics.h"
#include "obs/trace_context.h"
#include "rpc/awaitable_call.h"
#include "rpc/awaitable_stream.h"
#include "rpc/dispatcher.h"
#include "rpc/server.h"
#include "rpc/sync_call.h"
#include "support/run_awaitable.h"
#include "support/status_matchers.h"

namespace mediarouter::rpc {
namespace {

using absl::StatusCode;
using media::v1::Asset;
using media::v1::GetAssetRequest;
using media::v1::IngestAssetRequest;
using media::v1::MediaService;
using media::v1::ReadAssetRequest;
using media::v1::ReadAssetResponse;
using mediarouter::testing::RunAwaitable;
using AsyncStub = MediaService::StubInterface::async_interface;

// Something that one thread says and another waits for; not for ever, so that a fault fails the
// test instead of hanging it.
class Event {
 public:
  void Set() {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    changed_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

// A service with one method of each kind that we use. What it does depends on the asset's id.
class FakeMedia final : public MediaService::CallbackService {
 public:
  explicit FakeMedia(base::ThreadPool& pool) : dispatcher("fake", pool) {}

  grpc::ServerUnaryReactor* GetAsset(grpc::CallbackServerContext* context,
                                     const GetAssetRequest* request, Asset* response) override {
    return dispatcher.Unary(context, "GetAsset", request, response,
                            [this](const base::CallContext& call, const GetAssetRequest& r) {
                              return Get(call, r.id());
                            });
  }

  // Answers with the number of bytes that came as the id.
  grpc::ServerReadReactor<IngestAssetRequest>* IngestAsset(grpc::CallbackServerContext*,
                                                           Asset* response) override {
    class Reactor final : public grpc::ServerReadReactor<IngestAssetRequest> {
     public:
      Reactor(Asset* answer, Event& end) : answer_(answer), end_(end) { StartRead(&request_); }
      void OnReadDone(bool ok) override {
        if (!ok) {
          answer_->set_id(std::to_string(bytes_));
          Finish(grpc::Status::OK);
        } else if (request_.header().asset_id() == "refused") {
          Finish(ToGrpc(base::ResourceExhausted("storage_full", "no room")));
        } else {
          bytes_ += request_.chunk().size();
          StartRead(&request_);
        }
      }
      void OnDone() override {
        end_.Set();
        delete this;
      }

     private:
      Asset* answer_;
      Event& end_;
      IngestAssetRequest request_;
      std::size_t bytes_ = 0;
    };
    return new Reactor(response, stream_ended);
  }

  // Sends `length` chunks (0: without end); "broken" fails after them.
  grpc::ServerWriteReactor<ReadAssetResponse>* ReadAsset(grpc::CallbackServerContext*,
                                                         const ReadAssetRequest* request) override {
    class Reactor final : public grpc::ServerWriteReactor<ReadAssetResponse> {
     public:
      Reactor(const ReadAssetRequest& request, Event& end)
          : left_(request.length() == 0 ? -1 : request.length()),
            broken_(request.id() == "broken"),
            end_(end) {
        response_.set_chunk(std::string(1000, 'x'));
        Next();
      }
      void OnWriteDone(bool ok) override {
        if (ok) {
          Next();
        } else {
          Finish(grpc::Status::CANCELLED);
        }
      }
      void OnDone() override {
        end_.Set();
        delete this;
      }

     private:
      void Next() {
        if (left_ == 0) {
          Finish(broken_ ? ToGrpc(base::DataLoss("file_gone", "gone")) : grpc::Status::OK);
          return;
        }
        if (left_ > 0) --left_;
        StartWrite(&response_);
      }
      std::int64_t left_;
      const bool broken_;
      Event& end_;
      ReadAssetResponse response_;
    };
    return new Reactor(*request, stream_ended);
  }

  Dispatcher dispatcher;
  base::CallContext seen;  // of the last GetAsset
  Event arrived;           // of "slow"
  Event release;           // lets "slow" end
  Event stream_ended;      // the server's side of a stream is over

 private:
  absl::StatusOr<Asset> Get(const base::CallContext& call, const std::string& id) {
    if (id == "missing") {
      return base::WithParam(base::NotFound("asset_not_found", "no asset {}", id), "id");
    }
    if (id == "throws") throw std::runtime_error("a mistake");
    if (id == "slow") {
      arrived.Set();
      release.Wait();
    }
    seen = call;
    seen.cancelled = nullptr;  // it asks the call, which ends
    Asset asset;
    asset.set_id(id);
    return asset;
  }
};

// Server and client of one test case.
struct Fixture {
  Fixture() {
    auto started = Server::Start({&media}, "");
    REQUIRE_OK(started);
    server = *std::move(started);
    stub = MediaService::NewStub(server->InProcessChannel());
  }
  ~Fixture() {
    media.release.Set();
    server->Stop(std::chrono::seconds(5));
    SetInternalToken("");
  }

  absl::StatusOr<Asset> Get(const base::CallContext& call, const std::string& id) {
    GetAssetRequest request;
    request.set_id(id);
    return RunAwaitable(Call<Asset>(stub->async(), &AsyncStub::GetAsset, call, request));
  }

  base::ThreadPool pool{"test", 2, 1};
  FakeMedia media{pool};
  std::unique_ptr<Server> server;
  std::unique_ptr<MediaService::StubInterface> stub;
};

base::CallContext InTime() {
  return base::CallContext::Background("req_7", std::chrono::seconds(20));
}

IngestAssetRequest Header(const std::string& id) {
  IngestAssetRequest request;
  request.mutable_header()->set_asset_id(id);
  return request;
}

IngestAssetRequest Chunk(std::size_t bytes) {
  IngestAssetRequest request;
  request.set_chunk(std::string(bytes, 'x'));
  return request;
}

ReadAssetRequest Chunks(const std::string& id, std::int64_t count) {
  ReadAssetRequest request;
  request.set_id(id);
  request.set_length(count);
  return request;
}

TEST_CASE("a unary call brings the answer or the status", "[unit][rpc_call]") {
  Fixture f;
  const auto asset = f.Get(InTime(), "asset_1");
  REQUIRE_OK(asset);
  CHECK(asset->id() == "asset_1");
  const auto missing = f.Get(InTime(), "missing");
  CHECK_FAILS(missing, StatusCode::kNotFound, "asset_not_found");
  CHECK(base::Param(missing.status()) == "id");
  CHECK(
      obs::RenderMetrics().find(
          R"(mediarouter_rpc_seconds_count{code="NOT_FOUND",method="GetAsset",service="fake"})") !=
      std::string::npos);
}

TEST_CASE("a blocking call does the same", "[unit][rpc_call]") {
  Fixture f;
  GetAssetRequest request;
  request.set_id("asset_1");
  CHECK_OK(SyncCall<Asset>(*f.stub, &MediaService::StubInterface::GetAsset, InTime(), request));
  request.set_id("missing");
  CHECK_FAILS(SyncCall<Asset>(*f.stub, &MediaService::StubInterface::GetAsset, InTime(), request),
              StatusCode::kNotFound, "asset_not_found");
}

TEST_CASE("the context travels with the call", "[unit][rpc_call]") {
  Fixture f;
  base::CallContext call = InTime();
  call.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  call.principal = {"prj_1", "key_1", base::Role::kMember};
  REQUIRE_OK(f.Get(call, "asset_1"));
  const base::CallContext& seen = f.media.seen;
  CHECK(seen.request_id == "req_7");
  CHECK(obs::IsTraceparent(seen.traceparent));
  CHECK(seen.traceparent.substr(0, 36) == call.traceparent.substr(0, 36));
  CHECK(seen.traceparent != call.traceparent);
  CHECK(seen.principal.project_id == "prj_1");
  CHECK(seen.principal.access_key_id == "key_1");
  CHECK(seen.principal.role == base::Role::kMember);
  CHECK(seen.Remaining(std::chrono::minutes(1)) <= std::chrono::seconds(21));
  CHECK(seen.Remaining(std::chrono::minutes(1)) > std::chrono::seconds(1));
}

TEST_CASE("a call without a context gets a request id and no deadline", "[unit][rpc_call]") {
  Fixture f;
  REQUIRE_OK(f.Get({}, "asset_1"));
  CHECK(f.media.seen.request_id.starts_with("req_"));
  CHECK(f.media.seen.deadline == base::CallContext::Clock::time_point::max());
  CHECK(f.media.seen.principal.role == base::Role::kNone);
}

TEST_CASE("a request id that no header can carry is left out", "[unit][rpc_call]") {
  Fixture f;
  base::CallContext call = InTime();
  for (const std::string& id : {std::string("a\nb"), std::string(1, '\0'), std::string("\xff")}) {
    call.request_id = id;
    REQUIRE_OK(f.Get(call, "asset_1"));
    CHECK(f.media.seen.request_id.starts_with("req_"));
  }
}

TEST_CASE("a call ends at its deadline, whatever the server does", "[unit][rpc_call]") {
  Fixture f;
  const auto late = f.Get(base::CallContext::Background("", std::chrono::milliseconds(50)), "slow");
  CHECK_FAILS(late, StatusCode::kDeadlineExceeded, "deadline_exceeded");
}

TEST_CASE("a call ends when its coroutine is cancelled", "[unit][rpc_call]") {
  Fixture f;
  boost::asio::io_context io;
  boost::asio::cancellation_signal signal;
  absl::Status status;
  GetAssetRequest request;
  request.set_id("slow");
  boost::asio::co_spawn(
      io, Call<Asset>(f.stub->async(), &AsyncStub::GetAsset, InTime(), request),
      boost::asio::bind_cancellation_slot(
          signal.slot(), [&](const std::exception_ptr&, const absl::StatusOr<Asset>& result) {
            status = result.status();
          }));
  io.poll();
  REQUIRE(f.media.arrived.Wait());
  signal.emit(boost::asio::cancellation_type::terminal);
  io.run();
  CHECK_FAILS(status, StatusCode::kCancelled, "cancelled");
}

TEST_CASE("a full pool refuses with a delay", "[unit][rpc_call]") {
  Fixture f;
  // Two threads and a queue of one are taken.
  Event busy[2];
  Event go;
  for (Event& event : busy) {
    REQUIRE(f.pool.TrySubmit([&] {
      event.Set();
      go.Wait();
    }));
    REQUIRE(event.Wait());
  }
  REQUIRE(f.pool.TrySubmit([] {}));
  const auto refused = f.Get(InTime(), "asset_1");
  CHECK_FAILS(refused, StatusCode::kUnavailable, "overloaded");
  CHECK(base::RetryAfter(refused.status()) == std::chrono::milliseconds(1000));
  go.Set();
}

TEST_CASE("an exception is an answer, not the end", "[unit][rpc_call]") {
  Fixture f;
  CHECK_FAILS(f.Get(InTime(), "throws"), StatusCode::kInternal, "unexpected_exception");
  CHECK_OK(f.Get(InTime(), "asset_1"));
}

// Shows the token that it was made with, whatever the process's is by now.
absl::StatusOr<Asset> GetWithToken(Fixture& f, const std::string& token) {
  grpc::ClientContext client;
  if (!token.empty()) client.AddMetadata(kTokenKey, token);
  client.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  GetAssetRequest request;
  request.set_id("asset_1");
  Asset asset;
  const grpc::Status status = f.stub->GetAsset(&client, request, &asset);
  if (!status.ok()) return FromGrpc(status);
  return asset;
}

TEST_CASE("without the internal token nothing is served", "[unit][rpc_call]") {
  Fixture f;
  const std::string token(32, 't');
  SetInternalToken(token);
  CHECK_OK(f.Get(InTime(), "asset_1"));
  CHECK_OK(GetWithToken(f, token));
  for (const std::string& wrong :
       {std::string(), token.substr(1), token + "t", std::string(32, 'u')}) {
    CHECK_FAILS(GetWithToken(f, wrong), StatusCode::kUnauthenticated, "invalid_internal_token");
  }
}

TEST_CASE("a network address needs the internal token", "[unit][rpc_call]") {
  CHECK_FAILS(Server::Start({}, "127.0.0.1:0"), StatusCode::kInvalidArgument,
              "internal_token_missing");
}

TEST_CASE("a writer sends all and gets the answer", "[unit][rpc_stream]") {
  Fixture f;
  const auto send = [&]() -> boost::asio::awaitable<absl::StatusOr<Asset>> {
    AwaitableWriter<IngestAssetRequest, Asset> writer(InTime());
    writer.Start(f.stub->async(), &AsyncStub::IngestAsset);
    bool open = co_await writer.Write(Header("asset_1"));
    for (int i = 0; open && i < 100; ++i) open = co_await writer.Write(Chunk(10'000));
    co_return co_await writer.Finish();
  };
  const auto asset = RunAwaitable(send());
  REQUIRE_OK(asset);
  CHECK(asset->id() == "1000000");
}

TEST_CASE("a writer without a message ends well", "[unit][rpc_stream]") {
  Fixture f;
  const auto send = [&]() -> boost::asio::awaitable<absl::StatusOr<Asset>> {
    AwaitableWriter<IngestAssetRequest, Asset> writer(InTime());
    writer.Start(f.stub->async(), &AsyncStub::IngestAsset);
    co_return co_await writer.Finish();
  };
  CHECK(RunAwaitable(send())->id() == "0");
}

TEST_CASE("a writer learns that the server gave up", "[unit][rpc_stream]") {
  Fixture f;
  const auto send = [&]() -> boost::asio::awaitable<absl::StatusOr<Asset>> {
    AwaitableWriter<IngestAssetRequest, Asset> writer(InTime());
    writer.Start(f.stub->async(), &AsyncStub::IngestAsset);
    bool open = co_await writer.Write(Header("refused"));
    while (open) open = co_await writer.Write(Chunk(100'000));
    co_return co_await writer.Finish();
  };
  CHECK_FAILS(RunAwaitable(send()), StatusCode::kResourceExhausted, "storage_full");
}

TEST_CASE("a writer that is dropped cancels its call", "[unit][rpc_stream]") {
  Fixture f;
  const bool started = GENERATE(true, false);
  const auto send = [&]() -> boost::asio::awaitable<bool> {
    AwaitableWriter<IngestAssetRequest, Asset> writer(InTime());
    if (!started) co_return true;
    writer.Start(f.stub->async(), &AsyncStub::IngestAsset);
    co_return co_await writer.Write(Header("asset_1"));
  };
  CHECK(RunAwaitable(send()));
  if (started) CHECK(f.media.stream_ended.Wait());
}

// How many messages came, and how it ended.
boost::asio::awaitable<std::pair<int, absl::Status>> ReadAll(Fixture& f, ReadAssetRequest request) {
  AwaitableReader<ReadAssetResponse> reader(InTime());
  reader.Start(f.stub->async(), &AsyncStub::ReadAsset, request);
  int count = 0;
  while (true) {
    const auto message = co_await reader.Read();
    if (!message) break;
    ++count;
  }
  const bool again = (co_await reader.Read()).has_value();
  absl::Status status = co_await reader.Status();
  co_return std::pair<int, absl::Status>(again ? -1 : count, std::move(status));
}

TEST_CASE("a reader gets all messages and the end", "[unit][rpc_stream]") {
  Fixture f;
  const auto [count, status] = RunAwaitable(ReadAll(f, Chunks("asset_1", 100)));
  CHECK(count == 100);
  CHECK_OK(status);
}

TEST_CASE("a reader learns how the server failed", "[unit][rpc_stream]") {
  Fixture f;
  const auto [count, status] = RunAwaitable(ReadAll(f, Chunks("broken", 2)));
  CHECK(count == 2);
  CHECK_FAILS(status, StatusCode::kDataLoss, "file_gone");
}

TEST_CASE("a reader that is dropped cancels its call", "[unit][rpc_stream]") {
  Fixture f;
  const int reads = GENERATE(0, 1, 3);
  const auto read = [&]() -> boost::asio::awaitable<int> {
    AwaitableReader<ReadAssetResponse> reader(InTime());
    reader.Start(f.stub->async(), &AsyncStub::ReadAsset, Chunks("asset_1", 0));
    int count = 0;
    for (int i = 0; i < reads; ++i) {
      const auto message = co_await reader.Read();
      count += message.has_value();
    }
    co_return count;
  };
  CHECK(RunAwaitable(read()) == reads);
  CHECK(f.media.stream_ended.Wait());
}

TEST_CASE("streams end when the server stops", "[unit][rpc_stream]") {
  Fixture f;
  Event reading;
  std::pair<int, absl::Status> result;
  std::thread reader([&] {
    const auto read = [&]() -> boost::asio::awaitable<std::pair<int, absl::Status>> {
      AwaitableReader<ReadAssetResponse> stream(InTime());
      stream.Start(f.stub->async(), &AsyncStub::ReadAsset, Chunks("asset_1", 0));
      int count = 0;
      while (true) {
        const auto message = co_await stream.Read();
        if (!message) break;
        if (++count == 1) reading.Set();
      }
      absl::Status status = co_await stream.Status();
      co_return std::pair<int, absl::Status>(count, std::move(status));
    };
    result = RunAwaitable(read());
  });
  const bool read_one = reading.Wait();
  f.server->Stop(std::chrono::milliseconds(10));
  reader.join();
  CHECK(read_one);
  CHECK(result.first > 0);
  CHECK_FALSE(result.second.ok());
}

}  // namespace
}  // namespace mediarouter::rpc
