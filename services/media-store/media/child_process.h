#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <string>

namespace mediarouter::media {

struct ChildResult {
  int wait_status;  // as waitpid gives it
  bool timed_out;   // it was killed for taking too long
  std::string out;  // what it wrote, cut at kMaxChildOutput
  std::string err;
};

inline constexpr std::size_t kMaxChildOutput = 4096;

// Runs `program` to its end, at most for `timeout`, with `input_fd` as its descriptor 3 and nothing
// else of this process: no other descriptor, no environment, no blocked signals. Kills and reaps it
// whatever happens. Safe beside other threads. Internal `cannot_spawn`.
absl::StatusOr<ChildResult> RunChild(const std::string& program, int input_fd,
                                     std::chrono::milliseconds timeout);

}  // namespace mediarouter::media
