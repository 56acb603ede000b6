#pragma once

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

// Starting, finding and ending processes of a private server (embedded_server.cc only).
namespace mediarouter::pg {

// Whom the server runs as. Postgres refuses to run as root.
struct Identity {
  uid_t uid;
  gid_t gid;
};

struct SpawnOptions {
  std::vector<std::string> argv;  // argv[0] is the program's path
  Identity identity;              // used when this process is root
  int log_fd;                     // becomes its standard output and error
  int death_signal;               // what it gets when the calling thread ends
};

// Forks and executes in a session of its own, without any of our descriptors, blocked signals or
// working folder. The calling thread must outlive the child, or the child gets `death_signal`.
// Returns the pid, which the caller reaps; a program that cannot be executed exits with 127.
absl::StatusOr<pid_t> Spawn(const SpawnOptions& options);

// Ends every server process, postmaster or not, that works in `data_folder` (a real path):
// a postmaster is asked for an immediate shutdown first and then all are killed. Processes are
// known by what the kernel says (/proc/PID/exe and cwd), never by a number in a file alone.
// False when some are still there after `patience`.
bool EndServersIn(const std::string& data_folder, std::chrono::milliseconds patience);

}  // namespace mediarouter::pg
