#include "media/video_probe.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <limits>
#include <optional>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "media/unique_fd.h"

namespace mediarouter::media {
namespace {

constexpr char kProgram[] = "mediarouter-media-probe";
constexpr int kUnusable = 65;  // as probe/main.cc says
constexpr std::array kContentTypes = {"video/mp4", "video/quicktime", "video/webm",
                                      "video/x-matroska"};

absl::Status OutputUnusable(std::string_view why) {
  return base::InvalidArgument("output_unusable", "not a usable video: {}", why);
}

// The probe's words may be made by the video, should one ever take it over: only what is expected
// passes.
std::string Printable(std::string_view text) {
  std::string printable;
  for (const char c : base::Trim(text).substr(0, 200)) printable += c >= ' ' && c <= '~' ? c : '?';
  return printable;
}

std::optional<std::int64_t> Positive(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  const std::int64_t number = value->get_int64();
  if (number <= 0 || number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return number;
}

std::optional<VideoInfo> ParseAnswer(const std::string& line) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  const auto* type = object.if_contains("content_type");
  const auto duration = Positive(object, "duration_ms");
  const auto width = Positive(object, "width");
  const auto height = Positive(object, "height");
  if (type == nullptr || !type->is_string() || !duration || !width || !height) return std::nullopt;
  for (const char* known : kContentTypes) {
    if (type->get_string() == known) {
      return VideoInfo{known, *duration, static_cast<int>(*width), static_cast<int>(*height)};
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<VideoInfo> VideoProbe::Inspect(int fd) {
  MR_ASSIGN_OR_RETURN(const ProbeResult child, server_.Run(fd, timeout_));
  // Its CPU time is limited, so it waited for this machine, not for the video.
  if (child.lost) {
    return base::WithRetryAfter(
        base::Unavailable("probe_interrupted", "the probe gave no verdict within {} ms",
                          timeout_.count()),
        std::chrono::seconds(10));
  }
  if (WIFSIGNALED(child.wait_status)) {
    const int signal = WTERMSIG(child.wait_status);
    if (signal == SIGKILL || signal == SIGTERM || signal == SIGALRM) {
      return base::WithRetryAfter(
          base::Unavailable("probe_interrupted", "the probe was killed from outside"),
          std::chrono::seconds(10));
    }
    return OutputUnusable(fmt::format("it broke the probe (signal {})", signal));
  }
  if (WEXITSTATUS(child.wait_status) == kUnusable) return OutputUnusable(Printable(child.err));
  if (WEXITSTATUS(child.wait_status) == 0) {
    if (auto info = ParseAnswer(child.out)) return *std::move(info);
  }
  return base::Internal("probe_failed", "{} ended with code {}: {}", program_,
                        WEXITSTATUS(child.wait_status), Printable(child.err));
}

absl::Status VideoProbe::SelfTest() {
  const UniqueFd empty(memfd_create("empty-video", MFD_CLOEXEC));
  const absl::Status status = Inspect(empty.get()).status();
  if (base::Reason(status) == "output_unusable") return absl::OkStatus();
  return base::FailedPrecondition("media_probe_broken",
                                  "{} does not work here (MEDIA_PROBE names another): {}", program_,
                                  base::Message(status));
}

std::string ProbeBesideExecutable() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / kProgram).string();
}

}  // namespace mediarouter::media
