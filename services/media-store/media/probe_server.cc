#include "media/probe_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
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

constexpr int kControl = 3;
// The source of dup2 lies above its targets: a copy onto itself would stay closed on exec.
constexpr int kFirstSource = 10;

absl::Status CannotSpawn(const std::string& program, int error) {
  return base::Internal("cannot_spawn", "cannot start {}: {}", program, std::strerror(error));
}

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

bool MakePipe(Pipe* made) {
  std::array<int, 2> fds;
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return false;
  made->reader = UniqueFd(fds[0]);
  made->writer = UniqueFd(fds[1]);
  return true;
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

  int Spawn(const std::string& program, int control, pid_t* pid) {
    int error = posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
      if (error == 0) {
        error = posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_WRONLY, 0);
      }
    }
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions_, control, kControl);
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions_, kControl + 1);
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

// Reads what comes from each end until all are closed on the other side; false when `deadline`
// comes first. What is over the limit is read and dropped, so that the child never waits for us.
bool Collect(const std::array<const UniqueFd*, 3>& from, const std::array<std::string*, 3>& into,
             std::chrono::steady_clock::time_point deadline) {
  std::array<pollfd, 3> polls;
  for (std::size_t i = 0; i < polls.size(); ++i) polls[i] = {from[i]->get(), POLLIN, 0};
  const auto is_open = [](const pollfd& poll) { return poll.fd >= 0; };
  while (std::any_of(polls.begin(), polls.end(), is_open)) {
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
      into[i]->append(buffer.data(),
                      std::min(static_cast<std::size_t>(count), kMaxProbeOutput - into[i]->size()));
    }
  }
  return true;
}

bool SendFds(int socket, std::array<int, 4> fds) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(fds))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof(space);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(fds));
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof(fds));
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == 1;
}

}  // namespace

ProbeServer::~ProbeServer() { End(); }

absl::Status ProbeServer::Start() {
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return CannotSpawn(program_, errno);
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  const UniqueFd lifted(fcntl(theirs.get(), F_DUPFD_CLOEXEC, kFirstSource));
  if (!lifted.valid()) return CannotSpawn(program_, errno);
  const int error = SpawnSetup().Spawn(program_, lifted.get(), &pid_);
  if (error != 0) return CannotSpawn(program_, error);
  socket_ = std::move(ours);
  return absl::OkStatus();
}

void ProbeServer::End() {
  if (!socket_.valid()) return;
  socket_.Reset();
  // It has no state that could be lost, and must not keep us waiting. Its children end by
  // themselves.
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::Status ProbeServer::Send(int video, int out, int err, int status) {
  const std::lock_guard lock(mutex_);
  const std::array<int, 4> fds = {video, out, err, status};
  if (socket_.valid() && SendFds(socket_.get(), fds)) return absl::OkStatus();
  End();
  MR_RETURN_IF_ERROR(Start());
  return SendFds(socket_.get(), fds) ? absl::OkStatus() : CannotSpawn(program_, errno);
}

absl::StatusOr<ProbeResult> ProbeServer::Run(int video_fd, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  Pipe out;
  Pipe err;
  Pipe status;
  if (!MakePipe(&out) || !MakePipe(&err) || !MakePipe(&status)) return CannotSpawn(program_, errno);
  MR_RETURN_IF_ERROR(Send(video_fd, out.writer.get(), err.writer.get(), status.writer.get()));
  for (Pipe* pipe : {&out, &err, &status}) pipe->writer.Reset();
  ProbeResult result;
  std::string word;
  const bool all = Collect({&out.reader, &err.reader, &status.reader},
                           {&result.out, &result.err, &word}, deadline);
  result.lost = !all || word.size() != sizeof(result.wait_status);
  if (!result.lost) std::memcpy(&result.wait_status, word.data(), sizeof(result.wait_status));
  return result;
}

}  // namespace mediarouter::media
