#include "media/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/status.h"
#include "base/status_macros.h"
#include "media/unique_fd.h"

namespace mediarouter::media {
namespace {

constexpr int kInput = 3;
// Sources of dup2 lie above its targets, so that none is overwritten before its turn.
constexpr int kFirstSource = 10;

absl::Status CannotSpawn(const std::string& program, int error) {
  return base::Internal("cannot_spawn", "cannot start {}: {}", program, std::strerror(error));
}

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

UniqueFd Lifted(int fd) { return UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, kFirstSource)); }

bool MakePipe(Pipe* made) {
  std::array<int, 2> fds;
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return false;
  made->reader = UniqueFd(fds[0]);
  const UniqueFd writer(fds[1]);
  made->writer = Lifted(writer.get());
  return made->writer.valid();
}

class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // A group of its own: Ctrl-C in the terminal is for the service.
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  int Spawn(const std::string& program, int input, int out, int err, pid_t* pid) {
    int error = posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    const std::array<std::array<int, 2>, 3> copies = {
        {{out, STDOUT_FILENO}, {err, STDERR_FILENO}, {input, kInput}}};
    for (const auto& [from, to] : copies) {
      if (error == 0) error = posix_spawn_file_actions_adddup2(&actions_, from, to);
    }
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions_, kInput + 1);
    if (error != 0) return error;
    std::array<char*, 2> argv = {const_cast<char*>(program.c_str()), nullptr};
    std::array<char*, 1> no_environment = {nullptr};
    return posix_spawn(pid, program.c_str(), &actions_, &attributes_, argv.data(),
                       no_environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Reads both pipes until the child has closed them; false when `deadline` comes first. What is
// over the limit is read and dropped, so that the child never waits for us.
bool Collect(int out_fd, int err_fd, std::chrono::steady_clock::time_point deadline,
             ChildResult* result) {
  std::array<pollfd, 2> polls = {{{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}}};
  const std::array<std::string*, 2> texts = {&result->out, &result->err};
  while (polls[0].fd >= 0 || polls[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    const int ready = poll(polls.data(), polls.size(), static_cast<int>(left.count()) + 1);
    if (ready < 0 && errno != EINTR) return false;
    for (std::size_t i = 0; ready > 0 && i < polls.size(); ++i) {
      if (polls[i].fd < 0 || polls[i].revents == 0) continue;
      std::array<char, 1024> buffer;
      const ssize_t count = read(polls[i].fd, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        polls[i].fd = -1;
        continue;
      }
      texts[i]->append(buffer.data(), std::min(static_cast<std::size_t>(count),
                                               kMaxChildOutput - texts[i]->size()));
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<ChildResult> RunChild(const std::string& program, int input_fd,
                                     std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const UniqueFd input = Lifted(input_fd);
  Pipe out;
  Pipe err;
  if (!input.valid() || !MakePipe(&out) || !MakePipe(&err)) return CannotSpawn(program, errno);
  pid_t pid = 0;
  const int error =
      SpawnSetup().Spawn(program, input.get(), out.writer.get(), err.writer.get(), &pid);
  if (error != 0) return CannotSpawn(program, error);
  out.writer.Reset();
  err.writer.Reset();
  ChildResult result{};
  result.timed_out = !Collect(out.reader.get(), err.reader.get(), deadline, &result);
  // Also when it closed its pipes: a child on its way out keeps its status, one that stays does not
  // keep us waiting.
  kill(pid, SIGKILL);
  while (waitpid(pid, &result.wait_status, 0) < 0) {
    if (errno != EINTR) return CannotSpawn(program, errno);
  }
  return result;
}

}  // namespace mediarouter::media
