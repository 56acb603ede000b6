// mediarouter-media-probe: tells what videos are. Descriptor 3 is a socket; each message on it
// brings four descriptors: a video, where to write the answer, where to write why not, and where to
// write how it ended. A child made for this video alone confines itself, looks, and writes one line
// of JSON (exit 0) or, in words, why the video is unusable (exit 65). Any other code: the probe
// itself cannot work here. Its wait status goes to the fourth descriptor. Forks, because loading
// libav and what hangs on it costs thirty times as much as looking at a video; this process reads
// none. See media/video_probe.h.
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "probe/confine.h"
#include "probe/video_info.h"

extern "C" {
#include <libavutil/log.h>
}

namespace {

using namespace mediarouter::probe;

constexpr int kControl = 3;
constexpr int kVideo = 3;  // of a child, which has no use for the socket
// As sysexits.h numbers them: codes that no loader or runtime ends with by itself.
constexpr int kUnusable = 65;
constexpr int kCannotWork = 70;
constexpr unsigned kMaxSeconds = 30;  // ends a child for which nobody waits any more

struct Job {
  int video;
  int out;
  int err;
  int status;
};

// Not stdio: its buffers would be flushed by exit(), which must not run here.
[[noreturn]] void End(int code, int fd, const std::string& text) {
  const ssize_t written = write(fd, text.data(), text.size());
  _exit(written == static_cast<ssize_t>(text.size()) ? code : kCannotWork);
}

// On this side of the fork nothing but this video is at hand.
[[noreturn]] void Look(const Job& job, const sigset_t& blocked) {
  const bool ready = dup2(job.out, STDOUT_FILENO) >= 0 && dup2(job.err, STDERR_FILENO) >= 0 &&
                     dup2(job.video, kVideo) >= 0 &&
                     sigprocmask(SIG_UNBLOCK, &blocked, nullptr) == 0;
  if (!ready) _exit(kCannotWork);
  closefrom(kVideo + 1);
  alarm(kMaxSeconds);
  if (!Confine()) {
    End(kCannotWork, STDERR_FILENO, std::string("cannot confine itself: ") + std::strerror(errno));
  }
  const auto result = Inspect(File(kVideo));
  if (const auto* unusable = std::get_if<Unusable>(&result)) {
    End(kUnusable, STDERR_FILENO, unusable->why);
  }
  const auto& info = std::get<VideoInfo>(result);
  char line[256];
  const int length = std::snprintf(
      line, sizeof(line),
      "{\"content_type\":\"%s\",\"duration_ms\":%lld,\"width\":%d,\"height\":%d}\n",
      info.content_type, static_cast<long long>(info.duration_ms), info.width, info.height);
  End(0, STDOUT_FILENO, std::string(line, static_cast<std::size_t>(length)));
}

// Nothing when the other side is gone, or is none that we know.
std::optional<Job> Receive() {
  std::array<int, 4> fds;
  char byte;
  iovec data{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(fds))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof(space);
  ssize_t count;
  do {
    count = recvmsg(kControl, &message, 0);
  } while (count < 0 && errno == EINTR);
  const cmsghdr* header = count > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(fds))) {
    return std::nullopt;
  }
  std::memcpy(fds.data(), CMSG_DATA(header), sizeof(fds));
  return Job{fds[0], fds[1], fds[2], fds[3]};
}

void Report(int fd, int wait_status) {
  // Whoever does not listen any more has given the video up.
  [[maybe_unused]] const ssize_t written = write(fd, &wait_status, sizeof(wait_status));
  close(fd);
}

}  // namespace

int main() {
  av_log_set_level(AV_LOG_QUIET);
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, nullptr);
  const int signals = signalfd(-1, &child_ended, 0);
  if (signals < 0) return kCannotWork;

  std::map<pid_t, int> running;  // and where their status goes
  std::array<pollfd, 2> polls = {{{kControl, POLLIN, 0}, {signals, POLLIN, 0}}};
  while (poll(polls.data(), polls.size(), -1) >= 0 || errno == EINTR) {
    if (polls[1].revents != 0) {
      signalfd_siginfo info;
      if (read(signals, &info, sizeof(info)) < 0) return kCannotWork;
      int status = 0;
      for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0; running.erase(pid)) {
        Report(running[pid], status);
      }
    }
    if (polls[0].revents != 0) {
      const auto job = Receive();
      if (!job) return 0;
      const pid_t pid = fork();
      if (pid == 0) Look(*job, child_ended);
      for (const int fd : {job->video, job->out, job->err}) close(fd);
      if (pid > 0) {
        running[pid] = job->status;
      } else {
        Report(job->status, kCannotWork << 8);  // as if a child had ended with this code
      }
    }
  }
  return kCannotWork;
}
