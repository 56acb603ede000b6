#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "media/probe_server.h"

namespace mediarouter::media {

struct VideoInfo {
  std::string content_type;  // "video/mp4"
  std::int64_t duration_ms = 0;
  int width = 0;
  int height = 0;
};

// Looks into videos by the program mediarouter-media-probe, one confined process for each.
// Thread-safe.
class VideoProbe {
 public:
  explicit VideoProbe(std::string program,
                      std::chrono::milliseconds timeout = std::chrono::seconds(20))
      : program_(program), server_(std::move(program)), timeout_(timeout) {}

  // `fd` is open for reading. InvalidArgument `output_unusable` when it is no whole video with a
  // size and a duration; Unavailable `probe_interrupted` when this machine kept the probe from its
  // verdict; Internal `probe_failed`, `cannot_spawn` when it cannot work here at all.
  absl::StatusOr<VideoInfo> Inspect(int fd);

  // Whether the program is there and can confine itself: FailedPrecondition `media_probe_broken`.
  absl::Status SelfTest();

 private:
  const std::string program_;
  ProbeServer server_;
  const std::chrono::milliseconds timeout_;
};

// The probe beside this process's own executable.
std::string ProbeBesideExecutable();

}  // namespace mediarouter::media
