#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/environment.h"

namespace mediarouter::media {

struct Config {
  std::string database_url;
  std::size_t database_pool_size = 8;
  std::string storage_path;
  std::string probe_program;
  std::int64_t min_free_bytes = std::int64_t{1} << 30;
  int min_free_percent = 5;
  int ingest_concurrency = 16;
  std::chrono::milliseconds longest_ingest = std::chrono::hours(1);
  std::string listen;  // empty: in process only

  // Not settings; shorter in tests.
  std::chrono::milliseconds idle_limit = std::chrono::seconds(60);
  std::chrono::milliseconds sweep_interval = std::chrono::minutes(10);
  std::chrono::milliseconds schema_patience = std::chrono::seconds(60);

  // InvalidArgument with all faults at once. Leaves `listen` empty.
  static absl::StatusOr<Config> FromEnv(const base::Environment& env);
};

// The settings of media-store alone; service/settings.h has those that it shares.
std::span<const base::Setting* const> Settings();

}  // namespace mediarouter::media
