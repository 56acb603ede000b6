#include "http/router.h"

#include <catch2/catch.hpp>

namespace mediarouter::http {
namespace {

Router MakeRouter() {
  Router router;
  const Handler none;
  router.Add("GET", "/", none);
  router.Add("GET", "/v1/things", none);
  router.Add("POST", "/v1/things", none);
  router.Add("GET", "/v1/things/best", none);
  router.Add("GET", "/v1/things/{id}", none);
  router.Add("POST", "/v1/things/{id}/parts/{part}", none);
  return router;
}

TEST_CASE("a path finds its pattern", "[unit][router]") {
  const Router router = MakeRouter();
  const auto [method, path, route] = GENERATE(table<std::string, std::string, std::string>({
      {"GET", "/", "/"},
      {"GET", "/v1/things", "/v1/things"},
      {"HEAD", "/v1/things", "/v1/things"},
      {"GET", "/v1/things/best", "/v1/things/best"},
      {"GET", "/v1/things/7", "/v1/things/{id}"},
      {"POST", "/v1/things/7/parts/a b", "/v1/things/{id}/parts/{part}"},
  }));
  const Router::Match match = router.Find(method, path);
  CHECK(match.handler != nullptr);
  CHECK(match.route == route);
}

TEST_CASE("parameters are the segments in their place", "[unit][router]") {
  const Router router = MakeRouter();
  const Router::Match match = router.Find("POST", "/v1/things/7/parts/a b");
  CHECK(match.params == std::map<std::string, std::string>{{"id", "7"}, {"part", "a b"}});
}

TEST_CASE("an unknown path finds nothing", "[unit][router]") {
  const Router router = MakeRouter();
  const std::string path = GENERATE("", "*", "//", "/v1", "/v1/things/", "/v1//things",
                                    "/v1/things/7/", "/V1/things", "/v1/things/7/parts/");
  const Router::Match match = router.Find("GET", path);
  CHECK(match.handler == nullptr);
  CHECK(match.allowed.empty());
  CHECK(match.route.empty());
}

TEST_CASE("a wrong method tells the right ones", "[unit][router]") {
  const Router router = MakeRouter();
  const Router::Match match = router.Find("DELETE", "/v1/things");
  CHECK(match.handler == nullptr);
  CHECK(match.route == "/v1/things");
  CHECK(match.allowed == std::vector<std::string>{"GET", "HEAD", "POST"});
}

}  // namespace
}  // namespace mediarouter::http
