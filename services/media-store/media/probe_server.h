#pragma once

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <chrono>
#include <mutex>
#include <string>

#include "media/unique_fd.h"

namespace mediarouter::media {

struct ProbeResult {
  int wait_status = 0;  // of the child that looked, as waitpid gives it
  bool lost = false;    // none came: it took too long, or the probe was killed
  std::string out;      // what the child wrote, cut at kMaxProbeOutput
  std::string err;
};

inline constexpr std::size_t kMaxProbeOutput = 4096;

// The running program mediarouter-media-probe (probe/main.cc), which makes a child for each video.
// It is started when first needed, again when it has ended, and ends with this object or process.
// It has one descriptor of this process, a socket, no environment and no blocked signals.
// Thread-safe.
class ProbeServer {
 public:
  explicit ProbeServer(std::string program) : program_(std::move(program)) {}
  ~ProbeServer();

  // Waits for the verdict on `video_fd` for at most `timeout`. Internal `cannot_spawn`.
  absl::StatusOr<ProbeResult> Run(int video_fd, std::chrono::milliseconds timeout);

 private:
  absl::Status Send(int video, int out, int err, int status);
  absl::Status Start();  // under the lock, as the next
  void End();

  const std::string program_;
  std::mutex mutex_;
  UniqueFd socket_;  // none: it does not run
  pid_t pid_ = 0;
};

}  // namespace mediarouter::media
