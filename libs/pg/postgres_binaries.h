#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

namespace mediarouter::pg {

struct PostgresBinaries {
  int major = 0;
  std::string initdb;
  std::string postgres;
};

// The server programs of this machine: of exactly `major`, or the newest. Debian's folders first,
// then PATH. FailedPrecondition `postgres_missing`, or `postgres_version_mismatch` when there are
// only others than `major`.
absl::StatusOr<PostgresBinaries> FindPostgres(std::optional<int> major);

}  // namespace mediarouter::pg
