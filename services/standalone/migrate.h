#pragma once

#include <absl/status/status.h>

#include <string>

namespace mediarouter::standalone {

// Brings the schemas of all services up to date. Safe to run from several processes, and again.
absl::Status MigrateAll(const std::string& database_url);

}  // namespace mediarouter::standalone
