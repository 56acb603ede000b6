#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mediarouter::http {

// A request target (RFC 9112 section 3.2: origin-form, absolute-form or "*"), decoded.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

// InvalidArgument `invalid_path` when `text` is no target, or its path is not well-formed UTF-8
// once decoded, holds a NUL, or could mean another path to a careless reader: a "." or ".."
// segment, a backslash, or an encoded slash. `invalid_query` for broken escapes and for names that
// are no UTF-8; values may be any bytes, so that who reads them can name the parameter at fault.
absl::Status ParseTarget(std::string_view text, Target& target);

}  // namespace mediarouter::http
