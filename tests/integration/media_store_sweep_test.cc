#include "integration/media_store_fixture.h"
#include "media/sample_video.h"

// What a crash at each point of an ingest or a delete leaves behind, and that the sweep removes it,
// and only it.
namespace mediarouter::media {
namespace {

using absl::StatusCode;

std::string Row(const std::string& id, const std::string& state, const std::string& age) {
  return "INSERT INTO assets (id, state, created_at, deleted_at) VALUES ('" + id + "', '" + state +
         "', now() - interval '" + age + "', " +
         (state == "deleted" ? "now() - interval '" + age + "'" : "NULL") + ")";
}

// A blob as it would lie there without its row.
std::string StrayBlob(MediaStore& store, const std::string& video) {
  const std::string id = base::NewId("ast_");
  REQUIRE_OK(Ingest(store, id, video));
  store.Execute("DELETE FROM assets WHERE id = '" + id + "'");
  return id;
}

void TemporaryFile(MediaStore& store, const std::string& id) {
  std::ofstream(store.volume() / "incoming" / (id + ".00ff.part")) << "half a video";
}

TEST_CASE("the sweep removes the leftovers of each crash and nothing else", "[media][sweep]") {
  MediaStore store;
  const std::string video = MakeSampleVideo();
  const std::string live = base::NewId("ast_");
  REQUIRE_OK(Ingest(store, live, video));

  // The row was made, no byte came.
  store.Execute(Row(base::NewId("ast_"), "ingesting", "0 s"));
  // Bytes came.
  const std::string with_bytes = base::NewId("ast_");
  store.Execute(Row(with_bytes, "ingesting", "0 s"));
  TemporaryFile(store, with_bytes);
  // The name was given, the row is not READY.
  const std::string published = StrayBlob(store, video);
  store.Execute(Row(published, "ingesting", "0 s"));
  // The row is deleted, the bytes are there.
  const std::string deleted = StrayBlob(store, video);
  store.Execute(Row(deleted, "deleted", "0 s"));
  // The row is gone, the bytes are there.
  StrayBlob(store, video);
  CHECK(store.Files() == 5);
  CHECK(store.Rows() == 5);

  SECTION("while they are young they stay: they may be an ingest under way") {
    store.clock().Advance(std::chrono::minutes(60));
    store.app().Sweep();
    CHECK(store.Files() == 5);
    CHECK(store.Rows() == 5);
  }
  SECTION("once they are older than any ingest can be they go") {
    store.clock().Advance(std::chrono::minutes(66));
    store.app().Sweep();
    CHECK(store.Files() == 1);
    CHECK(store.Rows() == 1);
  }
  SECTION("a restart alone sweeps nothing that is young") {
    store.Restart();
    store.app().Stop(std::chrono::milliseconds(0));
    CHECK(store.Files() == 5);
    CHECK(store.Rows() == 5);
  }
  store.Restart();
  CHECK(store.Read(live).value() == video);
}

TEST_CASE("an old row does not cost a young file of another asset", "[media][sweep]") {
  MediaStore store;
  const std::string video = MakeSampleVideo();
  for (int i = 0; i < 450; ++i) store.Execute(Row(base::NewId("ast_"), "deleted", "3 hours"));
  const std::string young = StrayBlob(store, video);
  TemporaryFile(store, young);
  store.app().Sweep();
  CHECK(store.Rows() == 0);
  CHECK(store.Files() == 2);
}

TEST_CASE("an id that was deleted long ago is free again", "[media][sweep]") {
  MediaStore store;
  const std::string id = base::NewId("ast_");
  CHECK_OK(store.Delete(id));
  store.clock().Advance(std::chrono::minutes(66));
  store.app().Sweep();
  CHECK(store.Rows() == 0);
  CHECK_OK(Ingest(store, id, MakeSampleVideo()));
}

TEST_CASE("a database that fails at the last step costs the ingest, never a READY asset's bytes",
          "[media][sweep]") {
  MediaStore store;
  const std::string id = base::NewId("ast_");
  Upload upload(store.stub());
  REQUIRE(upload.Header(id));
  while (store.Rows() < 1) {
  }
  pqxx::connection admin(store.url());
  pqxx::nontransaction(admin).exec("ALTER TABLE media.assets RENAME TO elsewhere");
  upload.All(MakeSampleVideo());
  const auto failed = upload.Finish();
  CHECK_FALSE(failed.ok());
  // Nobody can tell whether the row became READY: the bytes stay.
  CHECK(store.Files() == 1);
  pqxx::nontransaction(admin).exec("ALTER TABLE media.elsewhere RENAME TO assets");
  CHECK_FAILS(store.Get(id), StatusCode::kNotFound, "asset_not_found");
  store.clock().Advance(std::chrono::minutes(66));
  store.app().Sweep();
  CHECK(store.Files() == 0);
  CHECK(store.Rows() == 0);
}

TEST_CASE("an ingest that takes too long is ended", "[media][sweep]") {
  MediaStore store;
  Upload upload(store.stub());
  REQUIRE(upload.Header(base::NewId("ast_")));
  while (store.Rows() < 1) {
  }
  store.clock().Advance(std::chrono::minutes(61));
  upload.All(MakeSampleVideo());
  CHECK_FAILS(upload.Finish(), StatusCode::kDeadlineExceeded, "ingest_too_slow");
  CHECK(store.Files() == 0);
  CHECK(store.Rows() == 0);
}

TEST_CASE("the table refuses what is half known", "[media][sweep]") {
  MediaStore store;
  const auto insert = [&](const std::string& columns, const std::string& values) {
    const std::string sql = "INSERT INTO assets (id, created_at, " + columns + ") VALUES ('" +
                            base::NewId("ast_") + "', now(), " + values + ")";
    return store.pool().Autocommit(base::CallContext{}, [&](pg::Session& session) {
      session.Exec(sql.c_str());
      return absl::OkStatus();
    });
  };
  CHECK_OK(insert("state", "'ingesting'"));
  CHECK_FALSE(insert("state", "'ready'").ok());
  CHECK_FALSE(insert("state", "'deleted'").ok());
  CHECK_FALSE(insert("state", "'lost'").ok());
  CHECK_FALSE(insert("state, size_bytes", "'ingesting', 7").ok());
  CHECK_FALSE(insert("state, deleted_at", "'ingesting', now()").ok());
}

}  // namespace
}  // namespace mediarouter::media
