#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

namespace mediarouter::pg {

// A private Postgres server: the system's own programs, data below `data_dir`/postgres, one Unix
// socket in a short private folder, no TCP. As root it runs as the owner of the data, that is
// `postgres` (or `nobody`) unless they were made by another.
//
// `data_dir`/postgres.lock (flock, CLOEXEC) decides whether the folder is in use. With the lock in
// hand left-over servers of this folder, known by executable and working folder and not by a pid
// file alone, are ended first. The child has its own session, no inherited descriptors and a bare
// environment, and ends with this process (PR_SET_PDEATHSIG: SIGQUIT, so a kill -9 leaves no server
// behind). A server that ends by itself is started again, on the same URL.
//
// `data_dir`/postgres.log is the server's log, begun anew at a start that finds it over 10 MiB;
// `data_dir`/postgres.socket links to the socket folder: psql -h DATA_DIR/postgres.socket.
class EmbeddedServer {
 public:
  struct Options {
    bool durable = true;  // false: quick, survives a kill but no loss of power; for tests
  };

  // Returns when connections are answered. FailedPrecondition `data_dir_in_use`,
  // `data_dir_unreachable`, `postgres_missing`, `postgres_version_mismatch`; Internal
  // `postgres_start_failed` with the tail of the server's log when it does not come up within 60 s.
  static absl::StatusOr<std::unique_ptr<EmbeddedServer>> Start(const std::string& data_dir);
  static absl::StatusOr<std::unique_ptr<EmbeddedServer>> Start(const std::string& data_dir,
                                                               Options options);
  ~EmbeddedServer();  // Stop()
  EmbeddedServer(const EmbeddedServer&) = delete;
  EmbeddedServer& operator=(const EmbeddedServer&) = delete;

  // Of the database `mediarouter`, as its superuser. Valid for as long as the server lives.
  const std::string& url() const;

  // Fast shutdown, immediate after 20 s. May be called again.
  void Stop();

 private:
  EmbeddedServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mediarouter::pg
