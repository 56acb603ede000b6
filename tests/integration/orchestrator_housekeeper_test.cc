#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>

#include "generation/housekeeper.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "orchestrator_fixture.h"
#include "support/fake_clock.h"

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
  REQUIRE_OK(orchestrator.work.BeginStore(orchestrator.none, lease, asset));
  REQUIRE_OK(orchestrator.work.Complete(orchestrator.none, lease, {.asset_id = asset}));
  REQUIRE_OK(orchestrator.service.Delete(Orchestrator::As("p1"), lease.generation_id));
  return asset;
}

TEST_CASE("the file of a deleted generation is deleted once", "[integration]") {
  Orchestrator orchestrator;
  FakeMedia media;
  testing::FakeClock clock;
  Housekeeper housekeeper(orchestrator.fixture.pool(), orchestrator.keys, media.channel(),
                          std::chrono::minutes(10), clock);
  const std::string asset = DeletedAsset(orchestrator);
  CHECK(housekeeper.RunTasks() == 1);
  CHECK(housekeeper.RunTasks() == 0);
  CHECK(media.deleted == std::vector<std::string>{asset});
}

TEST_CASE("a task whose service is down is tried again later", "[integration]") {
  Orchestrator orchestrator;
  FakeMedia media;
  testing::FakeClock clock;
  media.down = true;
  Housekeeper housekeeper(orchestrator.fixture.pool(), orchestrator.keys, media.channel(),
                          std::chrono::minutes(10), clock);
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
  testing::FakeClock clock;
  Housekeeper housekeeper(orchestrator.fixture.pool(), orchestrator.keys, media.channel(),
                          std::chrono::minutes(10), clock);
  orchestrator.keys.revoked = {1};
  const Lease lease = orchestrator.Submitted("job-1");
  housekeeper.DestroyRevokedKeys();
  CHECK(orchestrator.keys.destroyed.empty());
  REQUIRE_OK(orchestrator.work.ReportOutcome(orchestrator.none, lease, 1,
                                             Fault{.kind = FaultKind::kProvider}, std::nullopt));
  housekeeper.DestroyRevokedKeys();
  CHECK(orchestrator.keys.destroyed.empty());
  // A send with it may have been chosen a moment before: it stays a while longer.
  clock.Advance(std::chrono::minutes(10));
  housekeeper.DestroyRevokedKeys();
  CHECK(orchestrator.keys.destroyed == std::vector<std::int64_t>{1});
}

TEST_CASE("an asset that no generation was completed with is deleted", "[integration]") {
  Orchestrator orchestrator;
  FakeMedia media;
  testing::FakeClock clock;
  Housekeeper housekeeper(orchestrator.fixture.pool(), orchestrator.keys, media.channel(),
                          std::chrono::minutes(10), clock);
  const Lease lease = orchestrator.Submitted("job-1");
  REQUIRE_OK(
      orchestrator.work.ReportOutcome(orchestrator.none, lease, 1, std::nullopt, std::nullopt));
  const std::string lost = base::NewId("ast_");
  const std::string kept = base::NewId("ast_");
  REQUIRE_OK(orchestrator.work.BeginStore(orchestrator.none, lease, lost));
  REQUIRE_OK(orchestrator.work.BeginStore(orchestrator.none, lease, lost));
  REQUIRE_OK(orchestrator.work.BeginStore(orchestrator.none, lease, kept));
  CHECK(housekeeper.RunTasks() == 0);
  orchestrator.Sql(
      "WITH u AS (UPDATE tasks SET run_at = now() RETURNING 1) SELECT count(*) FROM u");

  SECTION("while the other one stays") {
    REQUIRE_OK(orchestrator.work.Complete(orchestrator.none, lease, {.asset_id = kept}));
    CHECK(housekeeper.RunTasks() == 1);
    CHECK(media.deleted == std::vector<std::string>{lost});
  }
  SECTION("and cannot complete a generation any more once that has begun") {
    media.down = true;
    housekeeper.RunTasks();
    const auto late = orchestrator.work.Complete(orchestrator.none, lease, {.asset_id = kept});
    REQUIRE_OK(late);
    CHECK(late->action == Action::kStore);
  }
}

}  // namespace
}  // namespace mediarouter::generation
