#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mediarouter::media {

enum class AssetState { kIngesting, kReady, kDeleted };

// A video that media-store keeps. All fields are set when it is READY.
struct Asset {
  std::string id;
  AssetState state = AssetState::kIngesting;
  std::string volume_path;  // below the volume's root
  std::int64_t size_bytes = 0;
  std::string sha256;  // lower-case hex
  std::string content_type;
  std::int64_t duration_ms = 0;
  int width = 0;
  int height = 0;
  std::chrono::system_clock::time_point created_at;
};

}  // namespace mediarouter::media
