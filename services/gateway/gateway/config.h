#pragma once

#include <absl/status/statusor.h>

#include <span>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/secret_string.h"

namespace mediarouter::gateway {

struct Config {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one, see App::port()
  base::SecretString secret_key;
  std::string public_url;                 // "" or an origin with a path, without a slash at the end
  std::vector<std::string> cors_origins;  // "http://localhost:3000"; "*": every origin
  std::string storage_path;               // "": videos come through media-store

  // InvalidArgument with all faults. SECRET_KEY is required.
  static absl::StatusOr<Config> FromEnv(const base::Environment& env);
};

// The service's own settings, beside the common ones.
std::span<const base::Setting* const> Settings();

}  // namespace mediarouter::gateway
