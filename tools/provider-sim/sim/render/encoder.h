#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "sim/render/picture.h"

namespace mediarouter::sim {

// Writes an MP4 with one H.264 track, its index in front so that it plays while it loads. The same
// pictures always give the same bytes. Not thread-safe.
class Encoder {
 public:
  // `fd` is an empty, writable file of the caller; width and height are even.
  static absl::StatusOr<std::unique_ptr<Encoder>> Create(int fd, int width, int height,
                                                         int frames_per_second);
  ~Encoder();

  // The picture to paint before each Add(). It holds what was last painted, unless the codec kept
  // it, so paint all of it.
  absl::StatusOr<Picture> NextPicture();
  absl::Status Add();
  absl::Status Finish();

 private:
  struct Impl;
  explicit Encoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mediarouter::sim
