#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace mediarouter::http {

struct OpenedFile {
  std::shared_ptr<const int> fd;
  std::uint64_t size = 0;
};

// Opens a regular file for sending. NotFound otherwise. Follows no symbolic link at the end.
absl::StatusOr<OpenedFile> OpenFile(const std::string& path);

// One byte range of RFC 9110 section 14: "bytes=0-99", "bytes=100-", "bytes=-500".
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
enum class RangeKind {
  kWhole,          // no range, several, or a unit or syntax we do not know: send everything
  kPart,           // 206
  kUnsatisfiable,  // 416
};
struct RangeChoice {
  RangeKind kind = RangeKind::kWhole;
  ByteRange range;
};
RangeChoice ChooseRange(std::string_view header, std::uint64_t size);

// What is needed to answer GET and HEAD of an immutable representation.
struct Representation {
  std::uint64_t size = 0;
  std::string etag;  // with its quotes, strong
  std::string content_type;
  std::string cache_control;
};

// The answer to a conditional and ranged request (RFC 9110 sections 13 and 14): 200, 206, 304 or
// 416 with all headers; `range` tells the bytes for a 200 or 206. The caller sets the body.
struct Selection {
  Response response;
  ByteRange range;
  bool has_body = false;
};
Selection Select(const Request& request, const Representation& representation);

}  // namespace mediarouter::http
