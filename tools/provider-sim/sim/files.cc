#include "sim/files.h"

#include <string_view>
#include <utility>

#include "base/strings.h"
#include "http/file.h"

namespace mediarouter::sim {

http::Response ClipResponse(const http::Request& request, const Clip& clip) {
  http::Selection selection =
      http::Select(request, {clip.size, clip.etag, "video/mp4", "private, no-store"});
  if (selection.has_body) {
    selection.response.body =
        http::FileBody{clip.fd, selection.range.first, selection.range.length};
  }
  return std::move(selection.response);
}

ClipSpec SpecOf(const Job& job) {
  const std::string_view size = job.size;  // "1280x720", checked when the job was accepted
  const std::size_t cross = size.find('x');
  const auto number = [](std::string_view text, int fallback) {
    return static_cast<int>(base::ParseInt(text).value_or(fallback));
  };
  return {.prompt = job.prompt,
          .seconds = number(job.seconds, 4),
          .width = number(size.substr(0, cross), 1280),
          .height = number(size.substr(cross + 1), 720)};
}

}  // namespace mediarouter::sim
