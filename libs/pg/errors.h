#pragma once

#include <absl/status/status.h>

#include <exception>

namespace mediarouter::pg {

// The one translation of database errors. Reasons: `database_unavailable` (Unavailable, with a
// retry delay), `database_timeout` (DeadlineExceeded, SQLSTATE 57014), `already_exists` (23505),
// `conflict` (40001, 40P01: Aborted), `commit_in_doubt` (Aborted: read again to learn what
// happened), else Internal `database_error`. The message has SQLSTATE and text, never values of
// parameters; it is for logs and never reaches a client.
absl::Status StatusFromException(const std::exception& error);

}  // namespace mediarouter::pg
