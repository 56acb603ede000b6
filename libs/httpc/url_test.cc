#include "httpc/url.h"

#include "support/status_matchers.h"

namespace mediarouter::httpc {
namespace {

TEST_CASE("references are resolved as a browser does", "[httpc][url]") {
  const std::string base = "https://api.example.com/v1/videos/1/content";
  CHECK(*ResolveUrl(base, "https://cdn.example.com/a?b=c") == "https://cdn.example.com/a?b=c");
  CHECK(*ResolveUrl(base, "/files/a.mp4") == "https://api.example.com/files/a.mp4");
  CHECK(*ResolveUrl(base, "a.mp4") == "https://api.example.com/v1/videos/1/a.mp4");
  CHECK(*ResolveUrl(base, "//cdn.example.com/a") == "https://cdn.example.com/a");
}

TEST_CASE("other schemes and user info are refused", "[httpc][url]") {
  for (const char* bad :
       {"file:///etc/passwd", "gopher://x/", "ftp://x/", "http://u:p@x/", "http://"}) {
    CAPTURE(bad);
    CHECK_FAILS(ResolveUrl("https://api.example.com/", bad), absl::StatusCode::kInvalidArgument,
                "invalid_url");
  }
}

TEST_CASE("an origin is scheme, host and port", "[httpc][url]") {
  CHECK(SameOrigin("https://API.example.com/v1", "https://api.example.com:443/x"));
  CHECK_FALSE(SameOrigin("https://api.example.com/", "http://api.example.com/"));
  CHECK_FALSE(SameOrigin("https://api.example.com/", "https://api.example.com:8443/"));
  CHECK_FALSE(SameOrigin("https://api.example.com/", "https://example.com/"));
  CHECK_FALSE(SameOrigin("", ""));
}

TEST_CASE("a path segment cannot leave its place", "[httpc][url]") {
  CHECK(EscapePathSegment("video_1-a.b~c") == "video_1-a.b~c");
  CHECK(EscapePathSegment("a/b?c#d e") == "a%2Fb%3Fc%23d%20e");
  CHECK(EscapePathSegment("..") == "%2E%2E");
}

}  // namespace
}  // namespace mediarouter::httpc
