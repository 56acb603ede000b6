#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <thread>
#include <vector>

#include "integration/media_store_fixture.h"
#include "media/sample_video.h"

// The separate binary: started, killed, started again, stopped.
namespace mediarouter::media {
namespace {

class Process {
 public:
  explicit Process(std::vector<std::string> environment) {
    std::array<char*, 2> argv = {const_cast<char*>(MEDIA_STORE), nullptr};
    std::vector<char*> env;
    for (std::string& entry : environment) env.push_back(entry.data());
    env.push_back(nullptr);
    REQUIRE(posix_spawn(&pid_, MEDIA_STORE, nullptr, nullptr, argv.data(), env.data()) == 0);
  }
  ~Process() {
    if (pid_ > 0) End(SIGKILL);
  }

  // Its wait status.
  int End(int signal) {
    kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_ = 0;
};

// A volume, a database and a socket, for one process after another.
struct Place {
  Place() : root((fs::temp_directory_path() / "media_store_XXXXXX").string()) {
    REQUIRE(mkdtemp(root.data()) != nullptr);
  }
  ~Place() { fs::remove_all(root); }

  std::vector<std::string> Environment() const {
    return {"DATABASE_URL=" + pg.url(),
            "STORAGE_PATH=" + root + "/volume",
            "GRPC_LISTEN=unix:" + root + "/socket",
            "METRICS_ADDRESS=off",
            "MIN_FREE_BYTES=0",
            "MIN_FREE_PERCENT=0",
            "LOG_LEVEL=warn"};
  }
  std::unique_ptr<v1::MediaService::Stub> Connect() const {
    const auto channel =
        grpc::CreateChannel("unix:" + root + "/socket", grpc::InsecureChannelCredentials());
    REQUIRE(channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30)));
    return v1::MediaService::NewStub(channel);
  }
  int Temporaries() const {
    const fs::path folder = fs::path(root) / "volume/incoming";
    return static_cast<int>(std::distance(fs::directory_iterator(folder), {}));
  }

  std::string root;
  testing::PgFixture pg{"media", Migrations()};
};

TEST_CASE("a kill in the middle of an ingest costs only that ingest", "[media][process]") {
  const Place place;
  const std::string video = MakeSampleVideo();
  const std::string kept = base::NewId("ast_");
  const std::string lost = base::NewId("ast_");
  {
    Process process(place.Environment());
    const auto stub = place.Connect();
    {
      Upload upload(*stub);
      upload.Header(kept);
      upload.All(video);
      REQUIRE_OK(upload.Finish());
    }
    Upload upload(*stub);
    upload.Header(lost);
    upload.All(video);
    while (place.Temporaries() == 0) std::this_thread::yield();
    process.End(SIGKILL);
    CHECK_FALSE(upload.Finish().ok());
  }
  CHECK(place.Temporaries() == 1);

  Process process(place.Environment());
  const auto stub = place.Connect();
  const auto found = [&](const std::string& id) {
    grpc::ClientContext context;
    v1::GetAssetRequest request;
    request.set_id(id);
    v1::Asset asset;
    return stub->GetAsset(&context, request, &asset).ok();
  };
  CHECK(found(kept));
  CHECK_FALSE(found(lost));
  {
    Upload upload(*stub);
    upload.Header(base::NewId("ast_"));
    upload.All(video);
    CHECK_OK(upload.Finish());
  }
  const int status = process.End(SIGTERM);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a configuration that cannot work ends the process with a failure", "[media][process]") {
  const Place place;
  std::vector<std::string> environment = place.Environment();
  environment.push_back("MEDIA_PROBE=/nonexistent");
  Process process(environment);
  const int status = process.End(0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
}

}  // namespace
}  // namespace mediarouter::media
