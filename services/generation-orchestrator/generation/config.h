#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <span>
#include <string>

#include "base/environment.h"
#include "generation/work_service.h"

namespace mediarouter::generation {

struct Config {
  std::string database_url;
  std::size_t pool_size = 8;
  std::string listen;  // "": in process only; FromEnv leaves it so
  std::chrono::milliseconds drain{20'000};
  std::string catalog_path;                      // "" for the compiled one
  std::map<std::string, std::string> base_urls;  // by provider
  WorkConfig work;
  std::chrono::milliseconds revoked_key_calm{std::chrono::minutes(10)};
  // Nobody else can hold a lease: this process has the database to itself (standalone with its
  // private Postgres).
  bool exclusive_database = false;

  static absl::StatusOr<Config> FromEnv(const base::Environment& env);
};

// The settings that only this service reads.
std::span<const base::Setting* const> Settings();

}  // namespace mediarouter::generation
