// mediarouter-media-probe: tells what the video at descriptor 3 is, as one line of JSON on standard
// output (exit 0), or why it is unusable, in words on standard error (exit 65). Any other code: the
// probe itself cannot work here. media-store starts one for each video; see media/video_probe.h.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <variant>

#include "probe/confine.h"
#include "probe/video_info.h"

extern "C" {
#include <libavutil/log.h>
}

namespace {

constexpr int kVideo = 3;
// As sysexits.h numbers them: codes that no loader or runtime ends with by itself.
constexpr int kUnusable = 65;
constexpr int kCannotWork = 70;
constexpr unsigned kMaxSeconds = 60;  // ends an orphan whose parent was killed

// Not stdio: its buffers would be flushed by exit(), which must not run here.
[[noreturn]] void End(int code, int fd, const std::string& text) {
  const ssize_t written = write(fd, text.data(), text.size());
  _exit(written == static_cast<ssize_t>(text.size()) ? code : kCannotWork);
}

}  // namespace

int main() {
  using namespace mediarouter::probe;
  alarm(kMaxSeconds);
  av_log_set_level(AV_LOG_QUIET);
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
