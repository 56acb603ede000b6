#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "generation/generation.h"

namespace mediarouter::generation {

// The last row of a page, as an opaque text. Not secret: it holds what the page showed.
struct PagePlace {
  Time created_at;  // to the microsecond
  std::string id;
};

std::string MakePageToken(const PagePlace& place);
// InvalidArgument `invalid_cursor`, parameter `cursor`.
absl::StatusOr<PagePlace> ParsePageToken(const std::string& token);

}  // namespace mediarouter::generation
