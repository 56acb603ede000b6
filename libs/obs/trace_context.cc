#include "obs/trace_context.h"

#include "base/id.h"
#include "base/strings.h"

namespace mediarouter::obs {
namespace {

constexpr std::size_t kLength = 55;  // "00-" 32 "-" 16 "-" 2

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

bool IsTraceparent(std::string_view header) {
  if (header.size() != kLength || !header.starts_with("00-")) return false;
  if (header[35] != '-' || header[52] != '-') return false;
  const std::string_view trace = header.substr(3, 32);
  const std::string_view parent = header.substr(36, 16);
  return IsLowerHex(trace) && IsLowerHex(parent) && IsLowerHex(header.substr(53)) &&
         !IsZero(trace) && !IsZero(parent);
}

std::string ChildTraceparent(std::string_view header) {
  const std::string parent = base::HexEncode(base::RandomBytes(8));
  if (IsTraceparent(header)) {
    return "00-" + std::string(header.substr(3, 32)) + "-" + parent +
           std::string(header.substr(52));
  }
  return "00-" + base::HexEncode(base::RandomBytes(16)) + "-" + parent + "-01";
}

}  // namespace mediarouter::obs
