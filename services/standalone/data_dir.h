#pragma once

#include <absl/status/statusor.h>

#include <filesystem>

#include "base/environment.h"
#include "base/secret_string.h"

// The folder in which the standalone form keeps what is its own: secrets, the private database,
// videos, the demo's state.
namespace mediarouter::standalone {

inline constexpr base::Setting kDataDir{
    "DATA_DIR", "",
    "standalone: secrets, private Postgres and videos; unset: /var/lib/mediarouter as root, "
    "else ~/.local/share/mediarouter"};

// DATA_DIR or its default, made when missing. The folder can be passed through by everybody (the
// private database runs as another user when we are root); what is in it decides who may read.
absl::StatusOr<std::filesystem::path> OpenDataDir(const base::Environment& env);

struct Kept {
  base::SecretString secret;
  bool made = false;  // just now
};

// The secret in `dir`/`name`. When it is missing it is made: `prefix` and 32 random bytes in hex,
// mode 0600, complete and durable before it can be seen under its name.
absl::StatusOr<Kept> KeptSecret(const std::filesystem::path& dir, const std::string& name,
                                const std::string& prefix = "");

}  // namespace mediarouter::standalone
