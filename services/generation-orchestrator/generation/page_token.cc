#include "generation/page_token.h"

#include <fmt/format.h>

#include "base/id.h"
#include "base/status.h"
#include "base/strings.h"

namespace mediarouter::generation {

std::string MakePageToken(const PagePlace& place) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(place.created_at.time_since_epoch());
  return base::Base64UrlEncode(fmt::format("{}:{}", micros.count(), place.id));
}

absl::StatusOr<PagePlace> ParsePageToken(const std::string& token) {
  if (const auto text = base::Base64UrlDecode(token)) {
    const auto colon = text->find(':');
    if (colon != std::string::npos) {
      const auto micros = base::ParseInt(std::string_view(*text).substr(0, colon));
      const std::string id = text->substr(colon + 1);
      if (micros && base::IsId("gen_", id)) {
        return PagePlace{Time(std::chrono::microseconds(*micros)), id};
      }
    }
  }
  return base::WithParam(
      base::InvalidArgument("invalid_cursor", "the cursor is not one that this list gave"),
      "cursor");
}

}  // namespace mediarouter::generation
