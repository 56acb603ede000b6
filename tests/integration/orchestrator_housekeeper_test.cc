#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>

#include "generation/housekeeper.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "orchestrator_fixture.h"

namespace mediarouter::generation {
namespace {

using testing::Orchestrator;

// A media-store that only deletes, and fails while it is told to.
class FakeMedia final : public media::v1::MediaService::Service {
 public:
  FakeMedia() {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel({}); }

  grpc::Status DeleteAsset(grpc::ServerContext*, const media::v1::DeleteAssetRequest* request,
                           google::protobuf::Empty*) override {
    if (down) return {grpc::StatusCode::UNAVAILABLE, "down"};
    deleted.push_back(request->id());
    return grpc::Status::OK;
  }

  std::atomic<bool> down{false};
  std::vector<std::string> deleted;

 private:
  std::unique_ptr<grpc::Server> server_;
};

std::string DeletedAsset(Orchestrator& orchestrator) {
  const Lease lease = orchestrator.Submitted("job-1");
  const std::string asset = base::NewId("ast_");
  REQUIRE_OK(
      orchestrator.work.ReportOutcome(orchestrator.none, lease, 1, std::nullopt, std::nullopt));
  REQUIRE_OK(orchestrator.work.Complete(orchestrator.none, lease, {.asset_id = asset}));
  REQUIRE_OK(orchestrator.service.Delete(Orchestrator::As("p1"), lease.generation_id));
  return asset;
}

TEST_CASE("the file of a deleted generation is deleted once", "[integration]") {
  Orchestrator orchestrator;
  FakeMedia media;
  Housekeeper housekeeper(orchestrator.fixture.pool(), orchestrator.keys, media.channel());
  const std::string asset = DeletedAsset(orchestrator);
  CHECK(housekeeper.RunTasks() == 1);
  CHECK(housekeeper.RunTasks() == 0);
  CHECK(media.deleted == std::vector<std::string>{asset});
}

TEST_CASE("a task whose service is down is tried again later", "[integration]") {
  Orchestrator orchestrator;
  FakeMedia media;
  media.down = true;
  Housekeeper housekeeper(orchestrator.fixture.pool(), orchestrator.keys, media.channel());
  DeletedAsset(orchestrator);
  CHECK(housekeeper.RunTasks() == 0);
  CHECK(orchestrator.Sql("SELECT tries FROM tasks WHERE run_at > now()") == "1");
  media.down = false;
  orchestrator.Sql(
      "WITH u AS (UPDATE tasks SET run_at = now() RETURNING 1) SELECT count(*) FROM u");
  CHECK(housekeeper.RunTasks() == 1);
}

TEST_CASE("a revoked key's secret goes when nothing open needs it", "[integration]") {
  Orchestrator orchestrator;
  FakeMedia media;
  Housekeeper housekeeper(orchestrator.fixture.pool(), orchestrator.keys, media.channel());
  orchestrator.keys.revoked = {1};
  const Lease lease = orchestrator.Submitted("job-1");
  housekeeper.DestroyRevokedKeys();
  CHECK(orchestrator.keys.destroyed.empty());
  REQUIRE_OK(orchestrator.work.ReportOutcome(orchestrator.none, lease, 1,
                                             Fault{.kind = FaultKind::kProvider}, std::nullopt));
  housekeeper.DestroyRevokedKeys();
  CHECK(orchestrator.keys.destroyed == std::vector<std::int64_t>{1});
}

}  // namespace
}  // namespace mediarouter::generation
