#include "media/video_probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <vector>

#include "base/status.h"
#include "media/sample_video.h"
#include "media/unique_fd.h"
#include "support/status_matchers.h"

namespace mediarouter::media {
namespace {

absl::StatusOr<VideoInfo> InspectBytes(const std::string& bytes) {
  const UniqueFd file(memfd_create("video", MFD_CLOEXEC));
  REQUIRE(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return VideoProbe(MEDIA_PROBE).Inspect(file.get());
}

void CheckUnusable(const std::string& bytes) {
  CHECK_FAILS(InspectBytes(bytes), absl::StatusCode::kInvalidArgument, "output_unusable");
}

// A program that for each video does what the shell makes of `script`.
std::string FakeProbe(const std::string& script) {
  std::string path = std::filesystem::temp_directory_path() / "fake_probe_XXXXXX";
  const int fd = mkstemp(path.data());
  REQUIRE(fd >= 0);
  fchmod(fd, 0700);
  close(fd);
  std::ofstream(path) << R"(#!/usr/bin/python3
import os, socket, struct
control = socket.socket(fileno=3)
while True:
    message, fds, _, _ = socket.recv_fds(control, 1, 4)
    if not message:
        break
    pid = os.fork()
    if pid == 0:
        os.dup2(fds[0], 3)
        os.dup2(fds[1], 1)
        os.dup2(fds[2], 2)
        os.execl("/bin/sh", "sh", "-c", """)"
                      << script << R"(""")
    os.write(fds[3], struct.pack("i", os.waitpid(pid, 0)[1]))
    for fd in fds:
        os.close(fd)
)";
  return path;
}

absl::Status InspectWith(const std::string& script,
                         std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  const std::string program = FakeProbe(script);
  const UniqueFd file(memfd_create("video", MFD_CLOEXEC));
  const absl::Status status = VideoProbe(program, timeout).Inspect(file.get()).status();
  std::filesystem::remove(program);
  return status;
}

TEST_CASE("a real video's size and duration are read", "[probe]") {
  const auto [container, encoder, flags, type] =
      GENERATE(table<const char*, const char*, const char*, const char*>({
          {"mp4", "libx264", "faststart", "video/mp4"},
          {"mp4", "libx264", "", "video/mp4"},
          {"mp4", "mpeg4", "faststart", "video/mp4"},
          {"mp4", "libx264", "frag_keyframe+empty_moov", "video/mp4"},
          {"mov", "libx264", "faststart", "video/quicktime"},
          {"webm", "libvpx", "", "video/webm"},
          {"matroska", "libx264", "", "video/x-matroska"},
      }));
  INFO(container << " " << encoder << " " << flags);
  const auto info = InspectBytes(MakeSampleVideo(
      {.width = 96, .height = 64, .container = container, .encoder = encoder, .flags = flags}));
  REQUIRE_OK(info);
  CHECK(info->content_type == type);
  CHECK(info->width == 96);
  CHECK(info->height == 64);
  CHECK(info->duration_ms >= 1'900);
  CHECK(info->duration_ms <= 2'100);
}

TEST_CASE("a free box behind the video does no harm", "[probe]") {
  CHECK_OK(InspectBytes(WithFreeBox(MakeSampleVideo(), 4'000'000)));
}

TEST_CASE("a video that breaks off is unusable, wherever it breaks off", "[probe]") {
  const auto [container, encoder, flags] = GENERATE(table<const char*, const char*, const char*>({
      {"mp4", "libx264", "faststart"},
      {"mp4", "libx264", ""},
      {"mp4", "libx264", "frag_keyframe+empty_moov"},
      {"webm", "libvpx", ""},
  }));
  const std::string video =
      MakeSampleVideo({.container = container, .encoder = encoder, .flags = flags});
  for (const std::size_t size : {video.size() - 1, video.size() - 100, video.size() * 9 / 10,
                                 video.size() / 2, std::size_t{40}, std::size_t{12}}) {
    INFO(container << " " << flags << " cut at " << size << " of " << video.size());
    CheckUnusable(video.substr(0, size));
  }
}

TEST_CASE("samples that lie beyond the end are noticed although each box is whole", "[probe]") {
  // The index comes first; without the last box (mdat) all other boxes are whole.
  const std::string video = MakeSampleVideo({.flags = "faststart"});
  const std::size_t mdat = video.find("mdat");
  REQUIRE(mdat != std::string::npos);
  CheckUnusable(video.substr(0, mdat - 4));
}

TEST_CASE("what is no video is unusable", "[probe]") {
  std::string garbage;
  for (unsigned i = 0; i < 100'000; ++i) garbage += static_cast<char>(i * 2654435761u >> 11);
  CheckUnusable("");
  CheckUnusable("<!doctype html><html><body>502 Bad Gateway</body></html>");
  CheckUnusable(R"({"error":{"message":"expired"}})");
  CheckUnusable(garbage);
  CheckUnusable(std::string(3'000'000, '\0'));
  CheckUnusable(std::string("\0\0\0\x18"
                            "ftypmp42",
                            12) +
                garbage);
  CheckUnusable(std::string("\x1A\x45\xDF\xA3", 4) + garbage);
}

TEST_CASE("damage at any byte of the index never breaks the probe itself", "[probe]") {
  const std::string video = MakeSampleVideo({.seconds = 1});
  const std::size_t moov = video.find("moov");
  for (std::size_t at = moov; at < moov + 700; at += 23) {
    std::string damaged = video;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
    const absl::Status status = InspectBytes(damaged).status();
    INFO(at << ": " << base::Describe(status));
    CHECK((status.ok() || base::Reason(status) == "output_unusable"));
  }
}

TEST_CASE("a huge sparse file costs what its tables cost", "[probe]") {
  const std::string video = MakeSampleVideo();
  const UniqueFd file(memfd_create("video", MFD_CLOEXEC));
  constexpr std::int64_t kBox = 3'000'000'000;
  const std::string head(
      "\xB2\xD0\x5E\x00"
      "free",
      8);  // kBox, big endian
  const std::string bytes = video + head;
  REQUIRE(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  REQUIRE(ftruncate(file.get(), static_cast<off_t>(video.size()) + kBox) == 0);
  CHECK_OK(VideoProbe(MEDIA_PROBE).Inspect(file.get()));
}

TEST_CASE("the self-test tells whether the probe works", "[probe]") {
  CHECK_OK(VideoProbe(MEDIA_PROBE).SelfTest());
  CHECK_FAILS(VideoProbe("/nonexistent/probe").SelfTest(), absl::StatusCode::kFailedPrecondition,
              "media_probe_broken");
}

TEST_CASE("what ends the probe decides whose fault it was", "[probe]") {
  using absl::StatusCode;
  CHECK_FAILS(InspectWith("kill -SEGV $$"), StatusCode::kInvalidArgument, "output_unusable");
  CHECK_FAILS(InspectWith("kill -XCPU $$"), StatusCode::kInvalidArgument, "output_unusable");
  CHECK_FAILS(InspectWith("kill -KILL $$"), StatusCode::kUnavailable, "probe_interrupted");
  CHECK_FAILS(InspectWith("sleep 3", std::chrono::milliseconds(50)), StatusCode::kUnavailable,
              "probe_interrupted");
  CHECK_FAILS(InspectWith("echo why >&2; exit 65"), StatusCode::kInvalidArgument,
              "output_unusable");
  CHECK_FAILS(InspectWith("exit 1"), StatusCode::kInternal, "probe_failed");
  CHECK_FAILS(InspectWith("exit 70"), StatusCode::kInternal, "probe_failed");
}

TEST_CASE("the probe's answer is not believed blindly", "[probe]") {
  const char* answer = GENERATE(
      "", "{}", "[]", R"({"content_type":"text/html","duration_ms":1,"width":1,"height":1})",
      R"({"content_type":"video/mp4","duration_ms":-1,"width":1,"height":1})",
      R"({"content_type":"video/mp4","duration_ms":1,"width":99999999999,"height":1})");
  CHECK_FAILS(InspectWith(std::string("echo '") + answer + "'"), absl::StatusCode::kInternal,
              "probe_failed");
}

TEST_CASE("a talkative probe neither blocks nor fills the memory", "[probe]") {
  CHECK_FAILS(InspectWith("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 65"),
              absl::StatusCode::kInvalidArgument, "output_unusable");
}

TEST_CASE("the probe inherits one descriptor and no environment", "[probe]") {
  const std::string program = FakeProbe("");
  // Listed before anything else is opened; the folder itself is one more.
  std::ofstream(program) << R"(#!/usr/bin/python3 -I
import os, socket, struct
held = [fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 3 and
        os.path.exists(f"/proc/self/fd/{fd}")]
sound = not held and "HOME" not in os.environ
_, fds, _, _ = socket.recv_fds(socket.socket(fileno=3), 1, 4)
os.write(fds[3], struct.pack("i", (65 if sound else 2) << 8))
)";
  const UniqueFd file(memfd_create("video", MFD_CLOEXEC));
  CHECK_FAILS(VideoProbe(program).Inspect(file.get()), absl::StatusCode::kInvalidArgument,
              "output_unusable");
  std::filesystem::remove(program);
}

TEST_CASE("a probe that was killed is retried and started again", "[probe]") {
  const std::string program = FakeProbe("kill -KILL $PPID");
  const UniqueFd file(memfd_create("video", MFD_CLOEXEC));
  VideoProbe probe(program);
  for (int i = 0; i < 3; ++i) {
    CHECK_FAILS(probe.Inspect(file.get()), absl::StatusCode::kUnavailable, "probe_interrupted");
  }
  std::filesystem::remove(program);
}

TEST_CASE("many videos are looked at side by side, each for itself", "[probe]") {
  const std::string video = MakeSampleVideo({.width = 96, .height = 64});
  VideoProbe probe(MEDIA_PROBE);
  std::vector<std::future<bool>> looks;
  for (int i = 0; i < 32; ++i) {
    looks.push_back(std::async(std::launch::async, [&, whole = i % 2 == 0] {
      const UniqueFd file(memfd_create("video", MFD_CLOEXEC));
      const std::size_t size = whole ? video.size() : video.size() / 2;
      if (write(file.get(), video.data(), size) != static_cast<ssize_t>(size)) return false;
      const auto info = probe.Inspect(file.get());
      return whole ? info.ok() && info->width == 96
                   : base::Reason(info.status()) == "output_unusable";
    }));
  }
  for (auto& look : looks) CHECK(look.get());
}

}  // namespace
}  // namespace mediarouter::media
