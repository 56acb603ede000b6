#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "mediarouter/generation/v1/work_service.grpc.pb.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "rpc/server.h"
#include "rpc/status.h"
#include "support/raw_server.h"

// What stands around provider-worker in its tests: the other services as real gRPC servers in this
// process, and a provider on a loopback port. Thread-safe.
namespace mediarouter::worker::testing {

namespace pb = generation::v1;
using mediarouter::testing::RawConnection;
using mediarouter::testing::RawServer;

// Lets the test wait for what another thread will do.
class Watched {
 public:
  // Whether `condition` came true; false after half a minute.
  bool Await(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), condition);
  }

 protected:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Closed until somebody opens it.
class Gate {
 public:
  void Open() {
    open_ = true;
    open_.notify_all();
  }
  void Wait() const { open_.wait(false); }

 private:
  std::atomic<bool> open_ = false;
};

class FakeOrchestrator final : public Watched, public pb::WorkService::Service {
 public:
  explicit FakeOrchestrator(std::chrono::milliseconds term) : term_(term) {}

  void Offer(pb::WorkItem item) {
    const std::lock_guard lock(mutex_);
    offered_.push_back(std::move(item));
    changed_.notify_all();
  }
  // From now on its lease is somebody else's.
  void TakeAway(const std::string& generation_id) {
    const std::lock_guard lock(mutex_);
    lost_.insert(generation_id);
  }

  // What was reported; read inside Await, or when the worker has stopped.
  std::vector<pb::BeginSubmitRequest> begins;
  std::vector<pb::RecordSubmitRequest> submits;
  std::vector<pb::AdoptJobRequest> adoptions;
  std::vector<pb::ReportOutcomeRequest> outcomes;
  std::vector<pb::CompleteGenerationRequest> completions;
  std::vector<pb::FailOutputRequest> unusable;
  std::vector<pb::ReleaseLeaseRequest> releases;
  std::vector<std::string> workers_released;
  std::map<std::string, int> percents;
  int losses_told = 0;
  std::set<std::string> renewing;  // by the newest call

  // Failures to give, in turn, before calls succeed.
  std::deque<absl::Status> begin_failures;
  std::deque<absl::Status> submit_failures;

  grpc::Status AcquireLeases(grpc::ServerContext* context, const pb::AcquireLeasesRequest* request,
                             pb::AcquireLeasesResponse* response) override {
    std::unique_lock lock(mutex_);
    while (offered_.empty() && !context->IsCancelled()) {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    while (!offered_.empty() && response->items_size() < request->max_leases()) {
      *response->add_items() = std::move(offered_.front());
      offered_.pop_front();
    }
    SetTerm(response->mutable_term());
    return grpc::Status::OK;
  }
  grpc::Status RenewLeases(grpc::ServerContext*, const pb::RenewLeasesRequest* request,
                           pb::RenewLeasesResponse* response) override {
    const std::lock_guard lock(mutex_);
    renewing.clear();
    for (const pb::Lease& lease : request->leases()) {
      renewing.insert(lease.generation_id());
      if (!lost_.contains(lease.generation_id())) continue;
      response->add_lost_generation_ids(lease.generation_id());
      ++losses_told;
    }
    SetTerm(response->mutable_term());
    changed_.notify_all();
    return grpc::Status::OK;
  }
  grpc::Status ReleaseLease(grpc::ServerContext*, const pb::ReleaseLeaseRequest* request,
                            google::protobuf::Empty*) override {
    return Note(releases, *request);
  }
  grpc::Status BeginSubmit(grpc::ServerContext*, const pb::BeginSubmitRequest* request,
                           pb::SubmitAttempt* response) override {
    const grpc::Status noted = Note(begins, *request, &begin_failures);
    response->set_number(1);
    response->set_provider_key_id(7);
    return Fenced(request->lease(), noted);
  }
  grpc::Status RecordSubmit(grpc::ServerContext*, const pb::RecordSubmitRequest* request,
                            pb::WorkDirective* response) override {
    const grpc::Status noted = Note(submits, *request, &submit_failures);
    response->set_action(request->outcome() == pb::SUBMIT_OUTCOME_ACCEPTED ? pb::WORK_ACTION_FOLLOW
                         : request->outcome() == pb::SUBMIT_OUTCOME_AMBIGUOUS
                             ? pb::WORK_ACTION_RECONCILE
                             : pb::WORK_ACTION_DROP);
    SetAttempt(request->attempt(), request->provider_job_id(), response);
    return Fenced(request->lease(), noted);
  }
  grpc::Status AdoptJob(grpc::ServerContext*, const pb::AdoptJobRequest* request,
                        pb::WorkDirective* response) override {
    const grpc::Status noted = Note(adoptions, *request);
    response->set_action(pb::WORK_ACTION_DROP);
    if (request->candidate_job_ids_size() > 0) {
      response->set_action(pb::WORK_ACTION_FOLLOW);
      SetAttempt(request->attempt(), request->candidate_job_ids(0), response);
    }
    return Fenced(request->lease(), noted);
  }
  grpc::Status ReportProgress(grpc::ServerContext*, const pb::ReportProgressRequest* request,
                              google::protobuf::Empty*) override {
    const std::lock_guard lock(mutex_);
    for (const pb::Progress& progress : request->progress()) {
      percents[progress.lease().generation_id()] = progress.percent();
    }
    changed_.notify_all();
    return grpc::Status::OK;
  }
  grpc::Status ReportOutcome(grpc::ServerContext*, const pb::ReportOutcomeRequest* request,
                             pb::WorkDirective* response) override {
    const grpc::Status noted = Note(outcomes, *request);
    response->set_action(request->has_fault() ? pb::WORK_ACTION_DROP : pb::WORK_ACTION_STORE);
    return Fenced(request->lease(), noted);
  }
  grpc::Status CompleteGeneration(grpc::ServerContext*,
                                  const pb::CompleteGenerationRequest* request,
                                  pb::WorkDirective* response) override {
    response->set_action(pb::WORK_ACTION_DROP);
    return Fenced(request->lease(), Note(completions, *request));
  }
  grpc::Status ReleaseWorker(grpc::ServerContext*, const pb::ReleaseWorkerRequest* request,
                             google::protobuf::Empty*) override {
    const std::lock_guard lock(mutex_);
    workers_released.push_back(request->worker_id());
    return grpc::Status::OK;
  }
  grpc::Status BeginStore(grpc::ServerContext*, const pb::BeginStoreRequest* request,
                          google::protobuf::Empty*) override {
    return Fenced(request->lease(), grpc::Status::OK);
  }
  grpc::Status FailOutput(grpc::ServerContext*, const pb::FailOutputRequest* request,
                          google::protobuf::Empty*) override {
    return Fenced(request->lease(), Note(unusable, *request));
  }

 private:
  template <typename Request>
  grpc::Status Note(std::vector<Request>& list, const Request& request,
                    std::deque<absl::Status>* failures = nullptr) {
    const std::lock_guard lock(mutex_);
    list.push_back(request);
    changed_.notify_all();
    if (failures == nullptr || failures->empty()) return grpc::Status::OK;
    const absl::Status failure = failures->front();
    failures->pop_front();
    return rpc::ToGrpc(failure);
  }
  grpc::Status Fenced(const pb::Lease& lease, const grpc::Status& otherwise) {
    const std::lock_guard lock(mutex_);
    if (!otherwise.ok() || !lost_.contains(lease.generation_id())) return otherwise;
    return rpc::ToGrpc(base::Aborted("lease_lost", "stale token"));
  }
  void SetTerm(google::protobuf::Duration* out) const {
    out->set_seconds(term_.count() / 1'000);
    out->set_nanos(static_cast<int>(term_.count() % 1'000) * 1'000'000);
  }
  static void SetAttempt(int number, const std::string& job_id, pb::WorkDirective* out) {
    out->mutable_attempt()->set_number(number);
    out->mutable_attempt()->set_provider_key_id(7);
    out->mutable_attempt()->set_provider_job_id(job_id);
  }

  const std::chrono::milliseconds term_;
  std::deque<pb::WorkItem> offered_;
  std::set<std::string> lost_;
};

class FakeVault final : public Watched, public vault::v1::ProviderKeyService::Service {
 public:
  int accesses = 0;
  std::string purpose;
  std::function<void()> before_access = [] {};

  grpc::Status AccessProviderKey(grpc::ServerContext*,
                                 const vault::v1::AccessProviderKeyRequest* request,
                                 vault::v1::AccessProviderKeyResponse* response) override {
    before_access();
    const std::lock_guard lock(mutex_);
    ++accesses;
    purpose = request->purpose();
    if (request->id() != 7) return rpc::ToGrpc(base::NotFound("key_not_found", "no such key"));
    response->set_secret("sk-test");
    response->set_provider("openai");
    return grpc::Status::OK;
  }
};

class FakeMediaStore final : public Watched, public media::v1::MediaService::Service {
 public:
  std::deque<absl::Status> failures;  // given in turn after the bytes came
  std::map<std::string, std::string> assets;
  int ingests = 0;

  grpc::Status IngestAsset(grpc::ServerContext*,
                           grpc::ServerReader<media::v1::IngestAssetRequest>* reader,
                           media::v1::Asset* response) override {
    media::v1::IngestAssetRequest part;
    if (!reader->Read(&part) || !part.has_header()) return {grpc::StatusCode::INTERNAL, "header"};
    const media::v1::IngestHeader header = part.header();
    std::string bytes;
    while (reader->Read(&part)) bytes += part.chunk();
    const std::lock_guard lock(mutex_);
    ++ingests;
    changed_.notify_all();
    if (!failures.empty()) {
      const absl::Status failure = failures.front();
      failures.pop_front();
      return rpc::ToGrpc(failure);
    }
    if (bytes.empty() || (header.expected_bytes() != 0 &&
                          header.expected_bytes() != static_cast<std::int64_t>(bytes.size()))) {
      return rpc::ToGrpc(base::InvalidArgument("output_unusable", "short"));
    }
    response->set_id(header.asset_id());
    response->set_size_bytes(static_cast<std::int64_t>(bytes.size()));
    response->set_duration_ms(4'000);
    response->set_width(1'280);
    response->set_height(720);
    assets[header.asset_id()] = std::move(bytes);
    return grpc::Status::OK;
  }
};

// A provider of the Videos protocol whose answers the test writes.
class FakeProvider final : public Watched {
 public:
  struct Reply {
    int status = 200;
    std::string body;
    std::string fields = "Content-Type: application/json\r\n";
    bool hang_up = false;           // close without an answer
    std::size_t announce_more = 0;  // bytes that Content-Length promises and that never come
  };
  // Called with how many requests of that kind came before.
  using Script = std::function<Reply(int)>;

  static Reply Json(std::string body) { return {200, std::move(body)}; }
  static Reply Status(int status) { return {status, R"({"error":{"message":"no"}})"}; }
  static Reply Video(std::string bytes) {
    return {200, std::move(bytes), "Content-Type: video/mp4\r\n"};
  }
  static Reply HangUp() {
    Reply reply;
    reply.hang_up = true;
    return reply;
  }

  Script create = [](int n) { return Json("{\"id\":\"video_" + std::to_string(n) + "\"}"); };
  Script poll = [](int) { return Json(R"({"status":"completed"})"); };
  Script content = [](int) { return Video("the bytes of a video"); };
  Script list = [](int) { return Json(R"({"object":"list","data":[]})"); };
  Script models = [](int) { return Json(R"({"object":"list","data":[]})"); };

  std::string base_url() const { return server_.Url("/v1"); }
  int count(const std::string& kind) {
    const std::lock_guard lock(mutex_);
    return counts_[kind];
  }
  // Inside Await.
  int counted(const std::string& kind) { return counts_[kind]; }
  std::string last(const std::string& kind) {
    const std::lock_guard lock(mutex_);
    return last_[kind];
  }

 private:
  static std::string Kind(const std::string& request) {
    if (request.starts_with("POST /v1/videos ")) return "create";
    if (request.starts_with("GET /v1/models ")) return "models";
    if (request.starts_with("GET /v1/videos?")) return "list";
    return request.substr(0, request.find("\r\n")).find("/content ") != std::string::npos
               ? "content"
               : "poll";
  }

  void Serve(RawConnection& connection) {
    for (std::string request; !(request = connection.ReadRequest()).empty();) {
      const std::string kind = Kind(request);
      int before = 0;
      {
        const std::lock_guard lock(mutex_);
        before = counts_[kind]++;
        last_[kind] = request;
        changed_.notify_all();
      }
      const Reply reply = (kind == "create"    ? create
                           : kind == "poll"    ? poll
                           : kind == "content" ? content
                           : kind == "list"    ? list
                                               : models)(before);
      if (reply.hang_up) return;
      connection.Write("HTTP/1.1 " + std::to_string(reply.status) + " X\r\nContent-Length: " +
                       std::to_string(reply.body.size() + reply.announce_more) + "\r\n" +
                       reply.fields + "\r\n" + reply.body);
      if (reply.announce_more > 0) return;
    }
  }

  std::map<std::string, int> counts_;
  std::map<std::string, std::string> last_;
  RawServer server_{[this](RawConnection& connection) { Serve(connection); }};
};

}  // namespace mediarouter::worker::testing
