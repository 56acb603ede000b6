#include "http/target.h"

#include <catch2/catch.hpp>

#include "support/status_matchers.h"

namespace mediarouter::http {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("a target is decoded", "[unit][target]") {
  const auto [text, path, query] = GENERATE(table<std::string, std::string, Query>({
      {"/", "/", {}},
      {"*", "*", {}},
      {"/a/b", "/a/b", {}},
      {"/a/", "/a/", {}},
      {"/a//b", "/a//b", {}},
      {"/caf%C3%A9?q=a+b%2Bc&&x&y=", "/café", {{"q", "a b+c"}, {"x", ""}, {"y", ""}}},
      {"/a?b=%FF", "/a", {{"b", "\xff"}}},
      {"/a?b=/../c?d", "/a", {{"b", "/../c?d"}}},
      {"/...", "/...", {}},
      {"/a+b", "/a+b", {}},
      {"http://host:80/a?b=c", "/a", {{"b", "c"}}},
      {"HTTPS://host", "/", {}},
      {"http://host?a=b", "/", {{"a", "b"}}},
      {"/a#fragment", "/a", {}},
  }));
  Target target;
  CHECK_OK(ParseTarget(text, target));
  CHECK(target.path == path);
  CHECK(target.query == query);
}

TEST_CASE("a target that could mislead is refused", "[unit][target]") {
  const std::string text =
      GENERATE("", "a", "host:443", "ftp://host/a", "/a/../b", "/..", "/.", "/a/%2e%2E/b",
               "/a%2F..%2Fb", "/a\\..\\b", "/a%5cb", "/a%00b", "/%", "/%4", "/%zz", "/%C3", "/%FF",
               "/a/.", "/?%00=a", "/?a=%", "/?%FF=1");
  Target target;
  CHECK(ParseTarget(text, target).code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace mediarouter::http
