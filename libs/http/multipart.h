#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mediarouter::http {

// One part of a multipart/form-data body (RFC 7578).
struct FormPart {
  std::string name;
  std::optional<std::string> filename;  // set for files
  std::string content_type;             // "" when the part names none
  std::string_view body;                // lives as long as the body that was parsed
};

// Whether a Content-Type header says multipart/form-data, in any case and with any parameters.
bool IsMultipartForm(std::string_view content_type);

// The parts in order. InvalidArgument `invalid_multipart` when the boundary is missing, a part is
// not closed, has no name, or there are more than 1000 parts. Bytes are not checked otherwise.
absl::StatusOr<std::vector<FormPart>> ParseMultipartForm(std::string_view content_type,
                                                         std::string_view body);

}  // namespace mediarouter::http
