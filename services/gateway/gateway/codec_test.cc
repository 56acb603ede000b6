#include <catch2/catch.hpp>

#include "gateway/config.h"
#include "gateway/json_writer.h"
#include "gateway/signed_link.h"
#include "support/fake_clock.h"
#include "support/status_matchers.h"

namespace mediarouter::gateway {
namespace {

TEST_CASE("money is written exactly", "[unit][json_writer]") {
  const auto [micros, text] = GENERATE(table<std::int64_t, std::string>({
      {0, "0.0"},
      {1, "0.000001"},
      {100'000, "0.1"},
      {300'000, "0.3"},
      {500'000, "0.5"},
      {568'900, "0.5689"},
      {1'000'000, "1.0"},
      {12'340'000, "12.34"},
      {-250'000, "-0.25"},
      {9'223'372'036'854'775'807, "9223372036854.775807"},
  }));
  CHECK(JsonWriter().Dollars(micros).Take() == text);
}

TEST_CASE("seconds are written exactly", "[unit][json_writer]") {
  CHECK(JsonWriter().Seconds(5000).Take() == "5");
  CHECK(JsonWriter().Seconds(5042).Take() == "5.042");
  CHECK(JsonWriter().Seconds(40).Take() == "0.04");
}

TEST_CASE("commas and escapes", "[unit][json_writer]") {
  JsonWriter out;
  out.Object().Key("a").Array().Int(1).Null().Object().EndObject().EndArray();
  out.Key("b\"").String("\\ \n\r\t\x01 é 🐈").Key("c").StringOrNull("").EndObject();
  CHECK(out.Take() == R"({"a":[1,null,{}],"b\"":"\\ \n\r\t\u0001 é 🐈","c":null})");
}

class Links {
 public:
  testing::FakeClock clock;
  SignedLinks links{base::SecretString("secret-key-0123456789abcdef012345678"), "", clock};

  absl::Status Check(const std::string& url) const {
    const std::size_t question = url.find('?');
    const std::size_t ampersand = url.find('&');
    const std::size_t begin = std::string_view("/videos/").size();
    return links.Check(url.substr(begin, question - begin - 4),
                       url.substr(question + 9, ampersand - question - 9),
                       url.substr(ampersand + 11));
  }
};

TEST_CASE("a link is good for one to two hours and the same within an hour", "[unit][link]") {
  Links fixture;
  fixture.clock.Advance(std::chrono::minutes(20));
  const std::string url = fixture.links.UrlOf("gen_1");
  CHECK_OK(fixture.Check(url));
  fixture.clock.Advance(std::chrono::minutes(39));
  CHECK(fixture.links.UrlOf("gen_1") == url);
  fixture.clock.Advance(std::chrono::minutes(1));
  CHECK(fixture.links.UrlOf("gen_1") != url);
  CHECK_OK(fixture.Check(url));
  fixture.clock.Advance(std::chrono::minutes(60) - std::chrono::seconds(1));
  CHECK_OK(fixture.Check(url));
  fixture.clock.Advance(std::chrono::seconds(1));
  CHECK_FAILS(fixture.Check(url), absl::StatusCode::kPermissionDenied, "expired_link");
}

TEST_CASE("a link of another secret, id or end is refused", "[unit][link]") {
  Links fixture;
  const std::string url = fixture.links.UrlOf("gen_1");
  std::string other_id = url;
  other_id.replace(other_id.find("gen_1"), 5, "gen_2");
  CHECK_FAILS(fixture.Check(other_id), absl::StatusCode::kPermissionDenied, "invalid_signature");
  const SignedLinks others(base::SecretString("another-key-0123456789abcdef01234567"), "",
                           fixture.clock);
  CHECK_FAILS(fixture.Check(others.UrlOf("gen_1")), absl::StatusCode::kPermissionDenied,
              "invalid_signature");
}

TEST_CASE("all faults of the configuration are told at once", "[unit][config]") {
  const auto config = Config::FromEnv({{"PORT", "99999"},
                                       {"SECRET_KEY", "short"},
                                       {"PUBLIC_URL", "video.example.com"},
                                       {"FRONTEND_URL", "https://a.example/path"},
                                       {"CORS_ORIGINS", "http://b.example, *, ftp://c"}});
  CHECK_FAILS(config, absl::StatusCode::kInvalidArgument, "invalid_configuration");
  for (const char* name : {"PORT", "SECRET_KEY", "PUBLIC_URL", "FRONTEND_URL", "CORS_ORIGINS"}) {
    CHECK(base::Message(config.status()).find(name) != std::string_view::npos);
  }
  CHECK(base::Message(config.status()).find("short") == std::string_view::npos);
}

TEST_CASE("the configuration's defaults", "[unit][config]") {
  const auto config = Config::FromEnv({{"SECRET_KEY", "secret-key-0123456789abcdef012345678"},
                                       {"PUBLIC_URL", "https://video.example.com/"},
                                       {"CORS_ORIGINS", "http://localhost:5173/"}});
  REQUIRE_OK(config);
  CHECK(config->port == 3001);
  CHECK(config->host == "127.0.0.1");
  CHECK(config->public_url == "https://video.example.com");
  CHECK(config->cors_origins ==
        std::vector<std::string>{"http://localhost:3000", "http://localhost:5173"});
}

}  // namespace
}  // namespace mediarouter::gateway
