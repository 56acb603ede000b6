#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "probe/container.h"

namespace mediarouter::probe {

struct VideoInfo {
  const char* content_type;
  std::int64_t duration_ms;
  int width;
  int height;
};

// Why a file is no usable video; for people, says nothing of its content.
struct Unusable {
  std::string why;
};

// Demuxes the whole file by libav and tells what it is. No parser runs, no other file is opened,
// and a decoder's header reader only where the container does not tell the size. Call it confined
// (confine.h).
std::variant<VideoInfo, Unusable> Inspect(const File& file);

}  // namespace mediarouter::probe
