#include <algorithm>
#include <thread>

#include "crypto/hmac.h"
#include "integration/media_store_fixture.h"
#include "media/sample_video.h"

// media-store from its gRPC face down to files and rows.
namespace mediarouter::media {
namespace {

using absl::StatusCode;

const std::string& Video() {
  static const std::string video = MakeSampleVideo({.width = 320, .height = 240, .seconds = 3});
  return video;
}

// Runs `test` against an in-process channel and against a Unix socket: the transports differ in
// how they end calls.
void OnBothTransports(const std::function<void(Config&)>& change,
                      const std::function<void(MediaStore&)>& test) {
  {
    MediaStore store(change);
    test(store);
  }
  std::string socket;
  MediaStore store([&](Config& config) {
    change(config);
    socket = "unix:" + fs::path(config.storage_path).replace_filename("socket").string();
    config.listen = socket;
  });
  store.set_stub(
      v1::MediaService::NewStub(grpc::CreateChannel(socket, grpc::InsecureChannelCredentials())));
  test(store);
}

void Unchanged(Config&) {}

TEST_CASE("a video that came in is read back byte by byte, until it is deleted", "[media]") {
  OnBothTransports(Unchanged, [](MediaStore& store) {
    const std::string id = base::NewId("ast_");
    const auto size = static_cast<std::int64_t>(Video().size());
    const auto asset = Ingest(store, id, Video(), size);
    REQUIRE_OK(asset);
    CHECK(asset->id() == id);
    CHECK(asset->state() == v1::ASSET_STATE_READY);
    CHECK(asset->size_bytes() == size);
    CHECK(asset->sha256() == crypto::Sha256Hex(Video()));
    CHECK(asset->content_type() == "video/mp4");
    CHECK(asset->duration_ms() == 3'000);
    CHECK(asset->width() == 320);
    CHECK(asset->height() == 240);
    CHECK(asset->has_create_time());
    CHECK(Slurp(store.volume() / asset->volume_path()) == Video());
    CHECK(store.Files() == 1);

    const auto found = store.Get(id);
    REQUIRE_OK(found);
    CHECK(found->SerializeAsString() == asset->SerializeAsString());
    CHECK(store.Read(id).value() == Video());
    CHECK(store.Read(id, 1, 1).value() == Video().substr(1, 1));
    CHECK(store.Read(id, 1000, 5000).value() == Video().substr(1000, 5000));
    CHECK(store.Read(id, size - 1).value() == Video().substr(Video().size() - 1));
    CHECK(store.Read(id, size - 10, 1000).value() == Video().substr(Video().size() - 10));
    CHECK_FAILS(store.Read(id, size), StatusCode::kOutOfRange, "range_not_satisfiable");
    CHECK_FAILS(store.Read(id, -1), StatusCode::kOutOfRange, "range_not_satisfiable");
    CHECK_FAILS(store.Read(id, 0, -1), StatusCode::kInvalidArgument, "invalid_length");

    CHECK_OK(store.Delete(id));
    CHECK_OK(store.Delete(id));
    CHECK(store.Files() == 0);
    CHECK_FAILS(store.Get(id), StatusCode::kNotFound, "asset_not_found");
    CHECK_FAILS(store.Read(id), StatusCode::kNotFound, "asset_not_found");
  });
}

TEST_CASE("an asset survives a restart", "[media]") {
  MediaStore store;
  const std::string id = base::NewId("ast_");
  REQUIRE_OK(Ingest(store, id, Video()));
  store.Restart();
  CHECK(store.Read(id).value() == Video());
}

TEST_CASE("what is no whole video is refused and leaves nothing", "[media]") {
  MediaStore store;
  const std::string id = base::NewId("ast_");
  const auto size = static_cast<std::int64_t>(Video().size());
  const std::string cut = Video().substr(0, Video().size() - 500);
  CHECK_FAILS(Ingest(store, id, cut), StatusCode::kInvalidArgument, "output_unusable");
  CHECK_FAILS(Ingest(store, id, cut, size), StatusCode::kInvalidArgument, "output_unusable");
  CHECK_FAILS(Ingest(store, id, Video(), size - 1), StatusCode::kInvalidArgument,
              "output_unusable");
  CHECK_FAILS(Ingest(store, id, Video(), size + 1), StatusCode::kInvalidArgument,
              "output_unusable");
  CHECK_FAILS(Ingest(store, id, ""), StatusCode::kInvalidArgument, "output_unusable");
  CHECK_FAILS(Ingest(store, id, "<html>502</html>"), StatusCode::kInvalidArgument,
              "output_unusable");
  CHECK(store.Files() == 0);
  CHECK(store.Rows() == 0);
  // The id is as good as new.
  CHECK_OK(Ingest(store, id, Video(), size));
}

TEST_CASE("an ingest of an asset that is READY answers with it", "[media]") {
  OnBothTransports(Unchanged, [](MediaStore& store) {
    const std::string id = base::NewId("ast_");
    const auto first = Ingest(store, id, Video());
    REQUIRE_OK(first);
    const auto second = Ingest(store, id, std::string(3'000'000, 'x'));
    REQUIRE_OK(second);
    CHECK(second->SerializeAsString() == first->SerializeAsString());
    CHECK(store.Read(id).value() == Video());
    CHECK(store.Files() == 1);
  });
}

TEST_CASE("of two ingests of one id one wins", "[media]") {
  MediaStore store;
  for (int round = 0; round < 10; ++round) {
    const std::string id = base::NewId("ast_");
    absl::StatusOr<v1::Asset> other;
    std::thread thread([&] { other = Ingest(store, id, Video()); });
    const absl::StatusOr<v1::Asset> mine = Ingest(store, id, Video());
    thread.join();
    // Both answer OK when one came after the other was READY.
    CHECK((mine.ok() || other.ok()));
    const absl::Status loser = mine.ok() ? other.status() : mine.status();
    if (!loser.ok()) CHECK_FAILS(loser, StatusCode::kAborted, "ingest_in_progress");
    CHECK(store.Read(id).value() == Video());
  }
  CHECK(store.Files() == 10);
}

TEST_CASE("a stream that is cancelled leaves nothing", "[media]") {
  OnBothTransports(Unchanged, [](MediaStore& store) {
    for (const bool whole : {false, true}) {
      Upload upload(store.stub());
      upload.Header(base::NewId("ast_"));
      upload.All(whole ? Video() : Video().substr(0, 20'000));
      upload.Cancel();
      CHECK(upload.Finish().status().code() == StatusCode::kCancelled);
    }
    store.app().Stop(std::chrono::seconds(5));  // all calls have ended
    CHECK(store.Files() == 0);
    CHECK(store.Rows() == 0);
  });
}

TEST_CASE("a stop in the middle of an ingest leaves nothing", "[media]") {
  MediaStore store;
  Upload upload(store.stub());
  upload.Header(base::NewId("ast_"));
  upload.All(Video());
  store.app().Stop(std::chrono::milliseconds(0));
  CHECK_FALSE(upload.Finish().ok());
  CHECK(store.Files() == 0);
  CHECK(store.Rows() == 0);
}

TEST_CASE("a sender that falls silent loses its place", "[media]") {
  OnBothTransports(
      [](Config& config) {
        config.idle_limit = std::chrono::milliseconds(100);
        config.ingest_concurrency = 1;
      },
      [](MediaStore& store) {
        Upload silent(store.stub());
        REQUIRE(silent.Header(base::NewId("ast_")));
        REQUIRE(silent.Chunk("half"));
        // Others are refused until the place is free.
        absl::StatusOr<v1::Asset> next;
        do {
          next = Ingest(store, base::NewId("ast_"), Video());
        } while (base::Reason(next.status()) == "too_many_ingests");
        CHECK_OK(next);
        CHECK_FALSE(silent.Finish().ok());
        CHECK(store.Files() == 1);
        CHECK(store.Rows() == 1);
      });
}

TEST_CASE("more ingests than there are places are told to come back", "[media]") {
  MediaStore store([](Config& config) { config.ingest_concurrency = 2; });
  Upload first(store.stub());
  Upload second(store.stub());
  const std::string id = base::NewId("ast_");
  REQUIRE(first.Header(id));
  REQUIRE(second.Header(base::NewId("ast_")));
  // An answer on another call does not tell that the streams have arrived: their rows do.
  while (store.Rows() < 2) std::this_thread::yield();
  const auto refused = Ingest(store, base::NewId("ast_"), Video());
  CHECK_FAILS(refused, StatusCode::kUnavailable, "too_many_ingests");
  CHECK(base::RetryAfter(refused.status()).has_value());
  first.All(Video());
  CHECK_OK(first.Finish());
  CHECK_OK(Ingest(store, base::NewId("ast_"), Video()));
}

TEST_CASE("on a full volume an ingest is told to come back", "[media]") {
  std::string id = base::NewId("ast_");
  MediaStore store([](Config& config) { config.min_free_bytes = std::int64_t{1} << 60; });
  const auto refused = Ingest(store, id, Video());
  CHECK_FAILS(refused, StatusCode::kResourceExhausted, "storage_full");
  CHECK(base::RetryAfter(refused.status()).has_value());
  CHECK(store.Files() == 0);
  CHECK(store.Rows() == 0);
}

TEST_CASE("a stream that breaks the rules is refused", "[media]") {
  MediaStore store;
  const std::string id = base::NewId("ast_");
  const auto invalid = StatusCode::kInvalidArgument;
  {
    Upload upload(store.stub());
    CHECK_FAILS(upload.Finish(), invalid, "header_missing");
  }
  {
    Upload upload(store.stub());
    upload.Chunk("bytes");
    CHECK_FAILS(upload.Finish(), invalid, "header_missing");
  }
  {
    Upload upload(store.stub());
    upload.Header(id);
    upload.Header(id);
    CHECK_FAILS(upload.Finish(), invalid, "second_header");
  }
  {
    Upload upload(store.stub());
    upload.Header(id);
    upload.Chunk(std::string((1 << 20) + 1, 'x'));
    CHECK_FAILS(upload.Finish(), invalid, "chunk_too_large");
  }
  CHECK_FAILS(Ingest(store, "", Video()), invalid, "invalid_asset_id");
  CHECK_FAILS(Ingest(store, "../../../../etc/passwd", Video()), invalid, "invalid_asset_id");
  CHECK_FAILS(Ingest(store, base::NewId("gen_"), Video()), invalid, "invalid_asset_id");
  CHECK_FAILS(Ingest(store, id, Video(), -1), invalid, "invalid_expected_bytes");
  CHECK_FAILS(store.Get("../x"), StatusCode::kNotFound, "asset_not_found");
  CHECK_FAILS(store.Read(std::string(100'000, 'a')), StatusCode::kNotFound, "asset_not_found");
  CHECK_FAILS(store.Delete("../x"), invalid, "invalid_asset_id");
  CHECK(store.Files() == 0);
  CHECK(store.Rows() == 0);
}

TEST_CASE("a delete beats an ingest under way, and one that comes late", "[media]") {
  MediaStore store;
  const std::string id = base::NewId("ast_");
  Upload upload(store.stub());
  REQUIRE(upload.Header(id));
  while (store.Rows() < 1) std::this_thread::yield();
  CHECK_OK(store.Delete(id));
  upload.All(Video());
  CHECK_FAILS(upload.Finish(), StatusCode::kAborted, "ingest_lost");
  CHECK(store.Files() == 0);
  CHECK_FAILS(Ingest(store, id, Video()), StatusCode::kFailedPrecondition, "asset_deleted");

  const std::string never_was = base::NewId("ast_");
  CHECK_OK(store.Delete(never_was));
  CHECK_FAILS(Ingest(store, never_was, Video()), StatusCode::kFailedPrecondition, "asset_deleted");
  CHECK(store.Files() == 0);
}

TEST_CASE("bytes that vanished are a fault of ours, not a short video", "[media]") {
  MediaStore store;
  const std::string id = base::NewId("ast_");
  const auto asset = Ingest(store, id, Video());
  REQUIRE_OK(asset);
  fs::resize_file(store.volume() / asset->volume_path(), 100);
  CHECK_FAILS(store.Read(id), StatusCode::kDataLoss, "asset_bytes_missing");
  fs::remove(store.volume() / asset->volume_path());
  CHECK_FAILS(store.Read(id), StatusCode::kDataLoss, "asset_bytes_missing");
}

// Bytes of a line of /proc/self/status.
std::int64_t ProcessStatus(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != name + ":") continue;
    std::int64_t kib = 0;
    status >> kib;
    return kib * 1024;
  }
  return 0;
}

void CheckFlatMemory(std::int64_t mebibytes, std::int64_t most) {
  MediaStore store;
  REQUIRE_OK(Ingest(store, base::NewId("ast_"), Video()));  // what is made once is made now
  const std::int64_t box = mebibytes << 20;
  const std::int64_t size = static_cast<std::int64_t>(Video().size()) + box;
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from here
  const std::int64_t before = ProcessStatus("VmRSS");
  const auto start = std::chrono::steady_clock::now();
  Upload upload(store.stub());
  REQUIRE(upload.Header(base::NewId("ast_"), size));
  upload.All(Video());
  std::string chunk(1 << 20, '\0');
  for (int i = 0; i < 4; ++i)
    chunk[static_cast<std::size_t>(i)] = static_cast<char>(box >> (24 - 8 * i));
  chunk.replace(4, 4, "free");
  for (std::int64_t i = 0; i < mebibytes; ++i) {
    REQUIRE(upload.Chunk(chunk));
    if (i == 0) chunk.assign(chunk.size(), '\0');
  }
  const auto asset = upload.Finish();
  REQUIRE_OK(asset);
  CHECK(asset->size_bytes() == size);
  const std::int64_t grown = ProcessStatus("VmHWM") - before;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  WARN(mebibytes << " MiB came in within " << took.count() << " s; memory grew by " << grown / 1024
                 << " KiB at its peak");
#ifdef __SANITIZE_ADDRESS__
  most += 512 << 20;  // what was freed is kept in quarantine
#endif
  CHECK(grown < most);
}

TEST_CASE("a large video needs no more memory than a small one", "[media]") {
  CheckFlatMemory(64, 24 << 20);
}

TEST_CASE("a very large video needs no more memory than a small one", "[.large]") {
  CheckFlatMemory(500, 24 << 20);
}

}  // namespace
}  // namespace mediarouter::media
