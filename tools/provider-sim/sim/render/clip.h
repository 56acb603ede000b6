#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>

namespace mediarouter::sim {

struct ClipSpec {
  std::string prompt;
  int seconds = 4;
  int width = 1280;  // even
  int height = 720;  // even
};

// A finished MP4 in memory, readable by its descriptor (memfd) for as long as somebody holds it.
struct Clip {
  std::shared_ptr<const int> fd;
  std::uint64_t size = 0;
  std::string etag;  // with its quotes; the same for the same spec
};

// Renders an H.264 clip that shows the prompt, the running time and that it is a simulation.
// Takes a fraction of a second of one core; the same spec gives the same bytes.
absl::StatusOr<Clip> RenderClip(const ClipSpec& spec);

}  // namespace mediarouter::sim
