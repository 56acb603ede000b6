#include "generation/page_token.h"

#include <catch2/catch.hpp>

#include "base/id.h"
#include "support/status_matchers.h"

namespace mediarouter::generation {
namespace {

TEST_CASE("a page token leads back to its row", "[unit][page_token]") {
  const PagePlace place{Time(std::chrono::microseconds(1'700'000'000'123'456)),
                        base::NewId("gen_")};
  const auto parsed = ParsePageToken(MakePageToken(place));
  REQUIRE_OK(parsed);
  CHECK(parsed->created_at == place.created_at);
  CHECK(parsed->id == place.id);
}

TEST_CASE("any other text is refused", "[unit][page_token]") {
  const auto token = GENERATE("", "x", "AAAA", "MTIzNDU", "MTI6Z2VuXw", "%00");
  CHECK_FAILS(ParsePageToken(token), absl::StatusCode::kInvalidArgument, "invalid_cursor");
}

}  // namespace
}  // namespace mediarouter::generation
