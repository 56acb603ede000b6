#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

namespace mediarouter::pg {

// A private Postgres server: Debian's own binaries, data below `data_dir`/postgres, one Unix socket
// in a short private folder, no TCP. As root it runs as the user `postgres` (or `nobody`).
// `data_dir`/postgres.lock (flock, CLOEXEC) decides whether the folder is in use. With the lock in
// hand a left-over postmaster of this folder, verified by its pid file, start time and executable,
// is stopped first. The child has its own session, no inherited descriptors, and ends with this
// process (PR_SET_PDEATHSIG: SIGQUIT, so a kill -9 leaves no server behind).
class EmbeddedServer {
 public:
  // FailedPrecondition `data_dir_in_use`, `postgres_missing`; Internal with the tail of the
  // server's log when it does not come up within 60 s.
  static absl::StatusOr<std::unique_ptr<EmbeddedServer>> Start(const std::string& data_dir);
  ~EmbeddedServer();  // Stop()

  const std::string& url() const { return url_; }

  // Fast shutdown, immediate after 20 s. May be called again.
  void Stop();

 private:
  EmbeddedServer() = default;
  std::string url_;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mediarouter::pg
