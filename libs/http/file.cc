#include "http/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/status.h"
#include "base/strings.h"

namespace mediarouter::http {
namespace {

struct CloseFd {
  void operator()(const int* fd) const {
    close(*fd);
    delete fd;
  }
};

// Decimal digits; more than fit mean "beyond any file".
std::optional<std::uint64_t> ParsePosition(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return value;
}

std::string_view WithoutWeakMark(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

// Whether a list of entity tags holds `etag`; "*" holds all. If-None-Match compares weakly.
bool ListsTag(std::string_view list, std::string_view etag, bool weakly) {
  for (const std::string& item : base::Split(list, ',')) {
    if (item == "*") return true;
    if ((weakly ? WithoutWeakMark(item) : std::string_view(item)) == etag) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<OpenedFile> OpenFile(const std::string& path) {
  // Non-blocking: a FIFO in that place must not hang the caller before it is refused below.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    const int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOMEM) {
      return base::Unavailable("too_many_open_files", "cannot open a file: {}", strerror(error));
    }
    return base::NotFound("file_not_found", "cannot open the file: {}", strerror(error));
  }
  OpenedFile file{std::shared_ptr<const int>(new const int(fd), CloseFd{})};
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return base::NotFound("file_not_found", "not a regular file");
  }
  file.size = static_cast<std::uint64_t>(info.st_size);
  return file;
}

RangeChoice ChooseRange(std::string_view header, std::uint64_t size) {
  const std::size_t equals = header.find('=');
  if (equals == std::string_view::npos) return {};
  if (base::ToLower(base::Trim(header.substr(0, equals))) != "bytes") return {};
  const std::string_view spec = base::Trim(header.substr(equals + 1));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return {};  // several ranges fail the number syntax below
  const std::string_view first_text = spec.substr(0, dash);
  const std::string_view last_text = spec.substr(dash + 1);
  const auto last = ParsePosition(last_text);

  if (first_text.empty()) {  // the last n bytes
    if (!last) return {};
    if (*last == 0 || size == 0) return {RangeKind::kUnsatisfiable, {}};
    const std::uint64_t length = std::min(*last, size);
    return {RangeKind::kPart, {size - length, length}};
  }
  const auto first = ParsePosition(first_text);
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return {};
  if (*first >= size) return {RangeKind::kUnsatisfiable, {}};
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {RangeKind::kPart, {*first, end - *first + 1}};
}

Selection Select(const Request& request, const Representation& representation) {
  Selection selection;
  Headers& headers = selection.response.headers;
  headers.Set("accept-ranges", "bytes");
  if (!representation.etag.empty()) headers.Set("etag", representation.etag);
  if (!representation.cache_control.empty()) {
    headers.Set("cache-control", representation.cache_control);
  }
  const auto if_match = request.headers.Get("if-match");
  if (if_match && !ListsTag(*if_match, representation.etag, false)) {
    selection.response.status = 412;
    return selection;
  }
  const auto if_none_match = request.headers.Get("if-none-match");
  if (if_none_match && ListsTag(*if_none_match, representation.etag, true)) {
    selection.response.status = 304;
    return selection;
  }
  RangeChoice choice;
  const auto range = request.headers.Get("range");
  const auto if_range = request.headers.Get("if-range");
  // Range means something for GET only. If-Range compares strongly; a date never matches, since
  // no Last-Modified is sent.
  if (range && request.method == "GET" && (!if_range || *if_range == representation.etag)) {
    choice = ChooseRange(*range, representation.size);
  }
  if (choice.kind == RangeKind::kUnsatisfiable) {
    selection.response.status = 416;
    headers.Set("content-range", fmt::format("bytes */{}", representation.size));
    return selection;
  }
  headers.Set("content-type", representation.content_type);
  selection.has_body = true;
  selection.range = {0, representation.size};
  if (choice.kind == RangeKind::kPart) {
    selection.range = choice.range;
    selection.response.status = 206;
    headers.Set("content-range",
                fmt::format("bytes {}-{}/{}", choice.range.first,
                            choice.range.first + choice.range.length - 1, representation.size));
  }
  return selection;
}

}  // namespace mediarouter::http
