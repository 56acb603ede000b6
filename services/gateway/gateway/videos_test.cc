#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "gateway/gateway_fixture.h"

namespace mediarouter::gateway {
namespace {

using testing::HttpAnswer;

constexpr char kId[] = "gen_01j8z3k4m5n6p7q8r9s0t1v2w3";
const std::string kFile = std::string("/videos/") + kId + ".mp4";

std::string Bytes() {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += std::to_string(i);
  return bytes;
}

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_) != nullptr); }
  ~Folder() {
    unlink((path() + "/ast_1.mp4").c_str());
    rmdir(path_);
  }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/mr_videos_test_XXXXXX";
};

std::string LinkOf(GatewayFixture& fixture) {
  const HttpAnswer answer = fixture.Call("GET", std::string("/v1/video/generations/") + kId);
  return std::string(Json(answer).at("video").at("url").as_string());
}

TEST_CASE("a video is sent whole and in parts, from the volume or by media-store",
          "[unit][gateway]") {
  const bool on_volume = GENERATE(true, false);
  Folder folder;
  GatewayFixture fixture([&](Config& config) { config.storage_path = folder.path(); });
  const std::string bytes = Bytes();
  fixture.AddCompleted(kId, bytes);
  if (on_volume) std::ofstream(folder.path() + "/ast_1.mp4", std::ios::binary) << bytes;

  const HttpAnswer whole = fixture.Call("GET", LinkOf(fixture), {.key = ""});
  CHECK(whole.status == 200);
  CHECK((whole.body == bytes));
  CHECK(whole.Header("content-type") == "video/mp4");
  CHECK(whole.Header("accept-ranges") == "bytes");
  CHECK(whole.Header("etag") == "\"abc123\"");
  CHECK(whole.Header("cache-control") == "private, max-age=3600");
  CHECK(whole.Header("content-disposition") == std::string("inline; filename=\"") + kId + ".mp4\"");
  CHECK(fixture.generations.script.LastContext().principal.role == base::Role::kGateway);

  const auto get = [&](const std::string& headers) {
    return fixture.Call("GET", kFile, {.headers = headers});
  };
  const HttpAnswer part = get("range: bytes=100-299999\r\n");
  CHECK(part.status == 206);
  CHECK((part.body == bytes.substr(100, 299'900)));
  CHECK(part.Header("content-range") == fmt::format("bytes 100-299999/{}", bytes.size()));
  CHECK((get("range: bytes=-7\r\n").body == bytes.substr(bytes.size() - 7)));
  CHECK(get("range: bytes=0-9\r\nif-range: \"other\"\r\n").status == 200);
  const HttpAnswer beyond = get("range: bytes=99999999-\r\n");
  CHECK(beyond.status == 416);
  CHECK(beyond.Header("content-range") == fmt::format("bytes */{}", bytes.size()));
  CHECK(get("if-none-match: \"abc123\"\r\n").status == 304);

  const HttpAnswer head = fixture.Call("HEAD", kFile);
  CHECK(head.status == 200);
  CHECK(head.Header("content-length") == std::to_string(bytes.size()));
  CHECK(fixture.media.script.Calls("ReadAsset") == (on_volume ? 0 : 4));
  CHECK(fixture.media.script.Calls("GetAsset") == 1);
}

TEST_CASE("a file of another size on the volume is not sent", "[unit][gateway]") {
  Folder folder;
  GatewayFixture fixture([&](Config& config) { config.storage_path = folder.path(); });
  fixture.AddCompleted(kId, "whole");
  std::ofstream(folder.path() + "/ast_1.mp4") << "hal";
  CHECK(fixture.Call("GET", kFile).body == "whole");
}

TEST_CASE("a volume path cannot leave the volume", "[unit][gateway]") {
  Folder folder;
  GatewayFixture fixture([&](Config& config) { config.storage_path = folder.path() + "/below"; });
  fixture.AddCompleted(kId, "whole");
  std::ofstream(folder.path() + "/ast_1.mp4") << "other";
  fixture.media.all["ast_1"].set_volume_path(
      GENERATE(as<std::string>{}, "../ast_1.mp4", "/etc/hosts", ""));
  CHECK(fixture.Call("GET", kFile).body == "whole");
}

TEST_CASE("who may open a video", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.AddCompleted(kId, "bytes");
  const std::string link = LinkOf(fixture);
  const auto status = [&](const std::string& target, const std::string& key) {
    return fixture.Call("GET", target, {.key = key}).status;
  };
  CHECK(status(link, "") == 200);
  CHECK(status(kFile, kMemberKey) == 200);
  CHECK(status(kFile, "") == 401);
  CHECK(status(kFile, "wrong") == 401);
  CHECK(status(link, "wrong") == 401);

  std::string forged = link;
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  const std::string other = "gen_01j8z3k4m5n6p7q8r9s0t1v2w4";
  std::string moved = link;
  moved.replace(moved.find(kId), other.size(), other);
  std::string longer = link;
  longer.insert(longer.find("expires=") + 8, "9");
  for (const std::string& bad :
       {forged, moved, longer, kFile + "?expires=1", kFile + "?signature=x"}) {
    const HttpAnswer answer = fixture.Call("GET", bad, {.key = ""});
    CHECK(answer.status == 403);
    CHECK(ErrorOf(answer) == "invalid_signature/");
  }
}

TEST_CASE("no video is a 404", "[unit][gateway]") {
  GatewayFixture fixture;
  CHECK(fixture.Call("GET", kFile).status == 404);
  fixture.AddCompleted(kId, "bytes").set_state(generation::v1::GENERATION_STATE_PROCESSING);
  CHECK(fixture.Call("GET", kFile).status == 404);
  fixture.generations.all[kId].set_state(generation::v1::GENERATION_STATE_COMPLETED);
  fixture.media.all.clear();
  CHECK(fixture.Call("GET", kFile).status == 404);
  for (const char* name : {"x.mp4", "gen_1.mp4", "gen_01j8z3k4m5n6p7q8r9s0t1v2w3",
                           "gen_01j8z3k4m5n6p7q8r9s0t1v2w3.webm", "a%20b.mp4"}) {
    CHECK(fixture.Call("GET", std::string("/videos/") + name).status == 404);
  }
}

}  // namespace
}  // namespace mediarouter::gateway
