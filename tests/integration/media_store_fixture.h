#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/id.h"
#include "media/app.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "rpc/status.h"
#include "support/pg_fixture.h"
#include "support/status_matchers.h"

namespace mediarouter::media {

namespace fs = std::filesystem;

// The machine's clock, moved. Files carry the machine's own time, so a clock that stands still
// elsewhere would not do.
class MovedClock final : public base::Clock {
 public:
  SystemTime Now() const override { return base::SystemClock().Now() + by(); }
  SteadyTime Steady() const override { return base::SystemClock().Steady() + by(); }
  void Advance(std::chrono::minutes by) { minutes_ += static_cast<int>(by.count()); }

 private:
  std::chrono::minutes by() const { return std::chrono::minutes(minutes_); }
  std::atomic<int> minutes_{0};
};

// media-store on a volume and a database of its own.
class MediaStore {
 public:
  explicit MediaStore(const std::function<void(Config&)>& change = [](Config&) {})
      : root_((fs::temp_directory_path() / "media_store_XXXXXX").string()),
        pg_("media", Migrations()) {
    REQUIRE(mkdtemp(root_.data()) != nullptr);
    config_.database_url = pg_.url();
    config_.database_pool_size = 4;
    config_.storage_path = root_ + "/volume";
    config_.probe_program = MEDIA_PROBE;
    config_.min_free_bytes = 0;
    config_.min_free_percent = 0;
    config_.sweep_interval = std::chrono::hours(1);
    change(config_);
    Restart();
  }
  ~MediaStore() {
    app_.reset();
    fs::remove_all(root_);
  }

  // As after a crash: what was is gone from memory.
  void Restart() {
    app_.reset();
    auto app = App::Start(config_, clock_);
    REQUIRE_OK(app);
    app_ = *std::move(app);
    stub_ = v1::MediaService::NewStub(app_->channel());
  }

  App& app() { return *app_; }
  MovedClock& clock() { return clock_; }
  v1::MediaService::Stub& stub() { return *stub_; }
  void set_stub(std::unique_ptr<v1::MediaService::Stub> stub) { stub_ = std::move(stub); }
  pg::Pool& pool() { return pg_.pool(); }
  const std::string& url() const { return pg_.url(); }
  fs::path volume() const { return config_.storage_path; }

  int Files() const {
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(volume())) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }

  int Rows() {
    const auto rows =
        pool().Autocommit(base::CallContext{}, [](pg::Session& session) -> absl::StatusOr<int> {
          return session.Exec("SELECT count(*) FROM assets")[0][0].as<int>();
        });
    REQUIRE_OK(rows);
    return *rows;
  }

  void Execute(const std::string& sql) {
    REQUIRE_OK(pool().Autocommit(base::CallContext{}, [&](pg::Session& session) {
      session.Exec(sql.c_str());
      return absl::OkStatus();
    }));
  }

  absl::StatusOr<v1::Asset> Get(const std::string& id) {
    grpc::ClientContext context;
    v1::GetAssetRequest request;
    request.set_id(id);
    v1::Asset asset;
    const grpc::Status status = stub_->GetAsset(&context, request, &asset);
    if (!status.ok()) return rpc::FromGrpc(status);
    return asset;
  }

  absl::Status Delete(const std::string& id) {
    grpc::ClientContext context;
    v1::DeleteAssetRequest request;
    request.set_id(id);
    google::protobuf::Empty empty;
    return rpc::FromGrpc(stub_->DeleteAsset(&context, request, &empty));
  }

  absl::StatusOr<std::string> Read(const std::string& id, std::int64_t offset = 0,
                                   std::int64_t length = 0) {
    grpc::ClientContext context;
    v1::ReadAssetRequest request;
    request.set_id(id);
    request.set_offset(offset);
    request.set_length(length);
    const auto reader = stub_->ReadAsset(&context, request);
    std::string bytes;
    v1::ReadAssetResponse response;
    while (reader->Read(&response)) {
      CHECK(response.chunk().size() <= 256 * 1024);
      bytes += response.chunk();
    }
    const grpc::Status status = reader->Finish();
    if (!status.ok()) return rpc::FromGrpc(status);
    return bytes;
  }

 private:
  std::string root_;
  testing::PgFixture pg_;
  MovedClock clock_;
  Config config_;
  std::unique_ptr<App> app_;
  std::unique_ptr<v1::MediaService::Stub> stub_;
};

// One call of IngestAsset, step by step, over gRPC's callback API as the worker uses it. (A
// blocking ClientWriter on an in-process channel waits for ever in Write once the server has
// answered.)
class Upload final : public grpc::ClientWriteReactor<v1::IngestAssetRequest> {
 public:
  explicit Upload(v1::MediaService::Stub& stub) {
    stub.async()->IngestAsset(&context_, &asset_, this);
    AddHold();
    StartCall();
  }
  ~Upload() override {
    if (held_) Cancel();
    Await();
  }

  // False when the call has ended: Finish() tells why.
  bool Header(const std::string& id, std::int64_t expected_bytes = 0) {
    v1::IngestAssetRequest request;
    request.mutable_header()->set_asset_id(id);
    request.mutable_header()->set_expected_bytes(expected_bytes);
    return Write(request);
  }
  bool Chunk(const std::string& bytes) {
    v1::IngestAssetRequest request;
    request.set_chunk(bytes);
    return Write(request);
  }
  void All(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size() && Chunk(bytes.substr(at, 7'000)); at += 7'000) {
    }
  }
  void Cancel() { context_.TryCancel(); }

  // The end of the stream and the answer.
  absl::StatusOr<v1::Asset> Finish() {
    StartWritesDone();
    const grpc::Status status = Await();
    if (!status.ok()) return rpc::FromGrpc(status);
    return asset_;
  }

 private:
  bool Write(const v1::IngestAssetRequest& request) {
    written_.reset();
    StartWrite(&request);
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return written_.has_value(); });
    return *written_;
  }
  grpc::Status Await() {
    if (std::exchange(held_, false)) RemoveHold();
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return status_.has_value(); });
    return *status_;
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    written_ = ok;
    wake_.notify_all();
  }
  void OnDone(const grpc::Status& status) override {
    const std::lock_guard lock(mutex_);
    status_ = status;
    wake_.notify_all();
  }

  grpc::ClientContext context_;
  v1::Asset asset_;
  bool held_ = true;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<bool> written_;
  std::optional<grpc::Status> status_;
};

inline absl::StatusOr<v1::Asset> Ingest(MediaStore& store, const std::string& id,
                                        const std::string& bytes, std::int64_t expected_bytes = 0) {
  Upload upload(store.stub());
  upload.Header(id, expected_bytes);
  upload.All(bytes);
  return upload.Finish();
}

inline std::string Slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace mediarouter::media
