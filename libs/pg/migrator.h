#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace mediarouter::pg {

// One step of a schema: forward only, one transaction. Compiled in from migrations/NNNN_what.sql.
struct Migration {
  int version;       // from 1, without gaps
  const char* name;  // "0001_init"
  const char* sql;
};

// Brings `schema` up to the last of `migrations` under an advisory lock: creates the schema and its
// table schema_version when missing. Safe to run from several processes at once, and again. Each
// step is one transaction with the schema as its search_path; a schema that is newer is left alone.
//
// Then it makes the NOLOGIN role mediarouter_<schema>, which may read and write the rows of this
// schema and nothing else, and grants it to the login; pg::Pool works in that role. Where the login
// may not make roles, the log says what an administrator can run, and that is no error.
absl::Status Migrate(const std::string& url, std::string_view schema,
                     std::span<const Migration> migrations);

// FailedPrecondition (`schema_too_old`) when the schema is below `min_compatible`; waits for it up
// to `patience`, so that services may start before the migration job has ended.
absl::Status CheckSchema(const std::string& url, std::string_view schema, int min_compatible,
                         std::chrono::milliseconds patience);

}  // namespace mediarouter::pg
