#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include "base/environment.h"
#include "base/secret_string.h"

namespace mediarouter::vault {

struct Config {
  base::SecretString database_url;
  std::size_t database_pool_size = 8;
  base::SecretString encryption_key;  // of a form that crypto::Keyring takes
  base::SecretString admin_key;       // empty: none is configured
  std::string listen_address;         // empty: in process only; FromEnv leaves it so

  // InvalidArgument with all faults. DATABASE_URL and ENCRYPTION_KEY are required.
  static absl::StatusOr<Config> FromEnv(const base::Environment& env);
};

// The service's own settings, beside the common ones.
std::span<const base::Setting* const> Settings();

}  // namespace mediarouter::vault
