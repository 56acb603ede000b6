#include "pg/server_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot it in this header
#include <sys/pidfd.h>
}

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/status.h"
#include "base/strings.h"

namespace mediarouter::pg {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Between fork and exec only calls that are safe in a signal handler.
[[noreturn]] void Become(const SpawnOptions& options, char* const* argv, char* const* env,
                         pid_t parent, bool change_user) {
  setsid();
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  umask(077);
  if (change_user && (setgroups(0, nullptr) != 0 || setgid(options.identity.gid) != 0 ||
                      setuid(options.identity.uid) != 0)) {
    _exit(127);
  }
  // After setuid, which clears it; and a parent that is gone already will not send it.
  prctl(PR_SET_PDEATHSIG, options.death_signal);
  if (getppid() != parent) _exit(127);
  const int null = open("/dev/null", O_RDWR);
  const bool placed = dup2(null, STDIN_FILENO) >= 0 && dup2(options.log_fd, STDOUT_FILENO) >= 0 &&
                      dup2(options.log_fd, STDERR_FILENO) >= 0;
  if (!placed || close_range(3, ~0U, 0) != 0 || chdir("/") != 0) _exit(127);
  execve(argv[0], argv, env);
  _exit(127);
}

// A process that cannot be mistaken for another: the descriptor stays with it when its number is
// used again.
class Process {
 public:
  explicit Process(pid_t pid) : pid_(pid), fd_(pidfd_open(pid, 0)) {}
  Process(Process&& other) noexcept : pid_(other.pid_), fd_(std::exchange(other.fd_, -1)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (fd_ >= 0) close(fd_);
  }

  bool IsServerIn(const std::string& folder) const {
    if (fd_ < 0) return false;
    const fs::path proc = "/proc/" + std::to_string(pid_);
    std::error_code error;
    const fs::path program = fs::read_symlink(proc / "exe", error);
    // "postgres (deleted)" when the package was upgraded under it.
    if (error || !program.filename().string().starts_with("postgres")) return false;
    return fs::read_symlink(proc / "cwd", error) == folder && !error;
  }

  void Signal(int number) const { pidfd_send_signal(fd_, number, nullptr, 0); }

  bool WaitUntil(Clock::time_point time) const {
    pollfd descriptor{fd_, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()).count();
    return poll(&descriptor, 1, static_cast<int>(std::max<long>(left, 0))) == 1;
  }

 private:
  pid_t pid_;
  int fd_;
};

std::vector<Process> ServersIn(const std::string& folder) {
  std::vector<Process> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto pid = base::ParseInt(entry.path().filename().string());
    if (!pid) continue;
    Process process(static_cast<pid_t>(*pid));
    if (process.IsServerIn(folder)) found.push_back(std::move(process));
  }
  return found;
}

void SignalAndWait(const std::string& folder, int number, Clock::time_point until) {
  const std::vector<Process> servers = ServersIn(folder);
  for (const Process& server : servers) server.Signal(number);
  for (const Process& server : servers) server.WaitUntil(until);
}

}  // namespace

absl::StatusOr<pid_t> Spawn(const SpawnOptions& options) {
  std::vector<char*> argv;
  for (const std::string& arg : options.argv) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  // Nothing of our environment (it holds secrets) but what finds programs and folders.
  const char* path = getenv("PATH");
  std::string path_entry = std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path);
  std::string language = "LC_ALL=C.UTF-8";
  std::string zone = "TZ=UTC";
  char* const env[] = {path_entry.data(), language.data(), zone.data(), nullptr};

  // Signals stay blocked over the fork, so that no handler of ours runs in the child.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t parent = getpid();
  const bool change_user = geteuid() == 0;
  const pid_t pid = fork();
  if (pid == 0) Become(options, argv.data(), env, parent, change_user);
  const int fault = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return base::Internal("fork_failed", "{}", std::strerror(fault));
  return pid;
}

bool EndServersIn(const std::string& data_folder, std::chrono::milliseconds patience) {
  // The postmaster takes SIGQUIT as an immediate shutdown, its children as the order to leave.
  SignalAndWait(data_folder, SIGQUIT, Clock::now() + patience / 2);
  SignalAndWait(data_folder, SIGKILL, Clock::now() + patience / 2);
  return ServersIn(data_folder).empty();
}

}  // namespace mediarouter::pg
