#include "gateway/app.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "gateway/gateway_fixture.h"
#include "obs/log.h"
#include "obs/metrics.h"

namespace mediarouter::gateway {
namespace {

using testing::HttpAnswer;
using testing::RawHttp;

constexpr char kId[] = "gen_01j8z3k4m5n6p7q8r9s0t1v2w3";

TEST_CASE("all but the open routes need a key", "[unit][gateway]") {
  GatewayFixture fixture;
  for (const std::string& route : fixture.app->Routes()) {
    INFO(route);
    const std::string method = route.substr(0, route.find(' '));
    std::string path = route.substr(route.find(' ') + 1);
    if (const auto id = path.find("{id}"); id != std::string::npos) path.replace(id, 4, kId);
    if (const auto file = path.find("{file}"); file != std::string::npos) path.resize(file);
    if (path == "/videos/") path += "x.mp4";
    const bool open = path == "/" || path == "/health" || path == "/livez" || path == "/readyz";
    for (const char* key : {"", "wrong-key"}) {
      const HttpAnswer answer = fixture.Call(method, path, {.key = key});
      CHECK(answer.status == (open ? 200 : 401));
      if (open) continue;
      CHECK(answer.Header("www-authenticate") == "Bearer");
      CHECK(ErrorOf(answer) == "invalid_api_key/");
    }
  }
}

TEST_CASE("a vault that is down is not a wrong key", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.access_keys.script.FailNext("AuthenticateAccessKey",
                                      base::Unavailable("pool_exhausted", "SELECT failed"));
  const HttpAnswer answer = fixture.Call("GET", "/v1/keys");
  CHECK(answer.status == 503);
  CHECK(ErrorOf(answer) == "service_unavailable/");
  CHECK(answer.body.find("SELECT") == std::string::npos);
}

TEST_CASE("a key is asked about once a second at most", "[unit][gateway]") {
  GatewayFixture fixture;
  for (int i = 0; i < 5; ++i) CHECK(fixture.Call("GET", "/v1/keys").status == 200);
  CHECK(fixture.access_keys.script.Calls("AuthenticateAccessKey") < 5);
  for (int i = 0; i < 3; ++i)
    CHECK(fixture.Call("GET", "/v1/keys", {.key = "wrong"}).status == 401);
}

TEST_CASE("odd Authorization headers are refused without asking", "[unit][gateway]") {
  GatewayFixture fixture;
  const std::string header =
      GENERATE(as<std::string>{}, "Basic YTpi", "Bearer", "Bearer ", "Bearer a b",
               "Bearer \xc3\xa9", "Bearer " + std::string(513, 'x'));
  const HttpAnswer answer =
      fixture.Call("GET", "/v1/keys", {.key = "", .headers = "authorization: " + header + "\r\n"});
  CHECK(answer.status == 401);
  CHECK(fixture.access_keys.script.Calls("AuthenticateAccessKey") == 0);
}

TEST_CASE("unknown paths and wrong methods", "[unit][gateway]") {
  GatewayFixture fixture;
  const HttpAnswer unknown = fixture.Call("GET", "/v2/nothing");
  CHECK(unknown.status == 404);
  CHECK(ErrorOf(unknown) == "unknown_url/");
  const HttpAnswer wrong = fixture.Call("PUT", "/v1/video/generations");
  CHECK(wrong.status == 405);
  CHECK(wrong.Header("allow") == "POST, GET, HEAD, OPTIONS");
  CHECK(ErrorOf(wrong) == "method_not_allowed/");
  CHECK(fixture.Call("GET", "/v1/keys/").status == 200);
}

TEST_CASE("what the server refuses has the same shape", "[unit][gateway]") {
  GatewayFixture fixture;
  const auto [request, status, error] = GENERATE(table<std::string, int, std::string>({
      {"GET /a/../b HTTP/1.1\r\nhost: x\r\n\r\n", 400, "bad_request/"},
      {"GET /%00 HTTP/1.1\r\nhost: x\r\n\r\n", 400, "bad_request/"},
      {"nonsense\r\n\r\n", 400, "bad_request/"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1048577\r\n\r\n", 413, "payload_too_large/"},
      {"GET / HTTP/1.1\r\nhost: x\r\na: " + std::string(17'000, 'x') + "\r\n\r\n", 431,
       "header_too_large/"},
  }));
  const HttpAnswer answer = RawHttp(fixture.app->port()).Exchange(request);
  CHECK(answer.status == status);
  CHECK(ErrorOf(answer) == error);
}

TEST_CASE("an internal error tells the client nothing but the request id", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.catalog.script.FailNext("ListProviders",
                                  base::Internal("pg", "relation \"secrets\" does not exist"));
  const HttpAnswer answer = fixture.Call("GET", "/v1/providers");
  CHECK(answer.status == 500);
  CHECK(ErrorOf(answer) == "internal_error/");
  CHECK(answer.body.find("relation") == std::string::npos);
}

TEST_CASE("readiness names who does not answer", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.media.script.FailNext("GetAsset", base::Unavailable("down", "x"));
  const HttpAnswer answer = fixture.Call("GET", "/readyz", {.key = ""});
  CHECK(answer.status == 503);
  CHECK(ErrorOf(answer) == "not_ready/");
  CHECK(answer.body.find("media-store") != std::string::npos);
  CHECK(answer.body.find("key-vault") == std::string::npos);
  CHECK(fixture.Call("GET", "/health", {.key = ""}).body == R"({"status":"healthy"})");
}

TEST_CASE("preflight and cross-origin answers", "[unit][gateway]") {
  GatewayFixture fixture;
  const std::string ask =
      "access-control-request-method: POST\r\naccess-control-request-headers: "
      "Authorization,content-type, X-Stainless-Lang, "
      "idempotency-key,last-event-id,range,x-evil\r\n";
  const HttpAnswer allowed =
      fixture.Call("OPTIONS", "/v1/video/generations",
                   {.key = "", .headers = "origin: http://localhost:3000\r\n" + ask});
  CHECK(allowed.status == 204);
  CHECK(allowed.Header("access-control-allow-origin") == "http://localhost:3000");
  CHECK(allowed.Header("access-control-allow-methods") == "POST, GET, HEAD, OPTIONS");
  CHECK(allowed.Header("access-control-allow-headers") ==
        "authorization, content-type, x-stainless-lang, idempotency-key, last-event-id, range");
  const HttpAnswer foreign =
      fixture.Call("OPTIONS", "/v1/video/generations",
                   {.key = "", .headers = "origin: http://evil.example\r\n" + ask});
  CHECK(foreign.Header("access-control-allow-origin").empty());
  CHECK(foreign.Header("access-control-allow-methods").empty());

  const HttpAnswer error =
      fixture.Call("GET", "/v1/keys", {.key = "", .headers = "origin: http://localhost:3000\r\n"});
  CHECK(error.status == 401);
  CHECK(error.Header("access-control-allow-origin") == "http://localhost:3000");
  CHECK(error.Header("vary") == "origin");
  for (const char* name : {"x-request-id", "retry-after", "openai-poll-after-ms", "content-range",
                           "link", "x-next-cursor"}) {
    CHECK(error.Header("access-control-expose-headers").find(name) != std::string::npos);
  }
}

TEST_CASE("providers with the state of their keys", "[unit][gateway]") {
  GatewayFixture fixture;
  auto* provider = fixture.catalog.providers.mutable_providers(0);
  auto* model = provider->add_models();
  model->set_name("demo-video");
  for (const int seconds : {4, 8, 12}) model->add_durations(seconds);
  model->add_aspect_ratios("16:9");
  model->set_price_per_second_micros(100'000);
  auto* retired = provider->add_models();
  retired->set_name("old");
  retired->set_stage(generation::v1::MODEL_STAGE_RETIRED);
  retired->set_supports_seed(true);
  fixture.catalog.providers.add_providers()->set_name("keyless");
  const auto add_key = [&](std::int64_t id, vault::v1::ProviderKeyStatus status) {
    fixture.provider_keys.all[id].set_provider("demo");
    fixture.provider_keys.all[id].set_status(status);
  };
  add_key(1, vault::v1::PROVIDER_KEY_STATUS_INVALID);
  add_key(2, vault::v1::PROVIDER_KEY_STATUS_ACTIVE);
  add_key(3, vault::v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED);

  const HttpAnswer answer = fixture.Call("GET", "/v1/providers", {.key = kMemberKey});
  REQUIRE(answer.status == 200);
  const boost::json::value json = Json(answer);
  const auto& demo = json.at(0);
  CHECK(demo.at("display_name") == "Demo (simulated)");
  CHECK(demo.at("models") == boost::json::array({"demo-video"}));
  CHECK(demo.at("features").at("max_duration") == 12);
  CHECK(demo.at("features").at("supports_seed") == false);
  CHECK(demo.at("features").at("available_aspect_ratios") == boost::json::array({"16:9"}));
  CHECK(demo.at("has_key") == true);
  CHECK(demo.at("key_status") == "active");
  CHECK(demo.at("model_details").at(1).at("stage") == "retired");
  CHECK(json.at(1).at("has_key") == false);
  CHECK(json.at(1).at("key_status").is_null());
}

TEST_CASE("an estimate is exact", "[unit][gateway]") {
  GatewayFixture fixture;
  auto& estimate = fixture.catalog.estimate;
  estimate.mutable_generation()->set_model("demo-video");
  estimate.mutable_generation()->set_provider("demo");
  estimate.mutable_generation()->mutable_parameters()->set_duration(3);
  estimate.mutable_generation()->mutable_parameters()->set_aspect_ratio("16:9");
  estimate.mutable_generation()->mutable_parameters()->set_size("1280x720");
  estimate.set_cost_micros(300'000);
  estimate.set_per_second_micros(100'000);
  const HttpAnswer answer = fixture.Call("POST", "/v1/usage/estimate",
                                         {.key = kMemberKey, .body = R"({"model":"demo-video"})"});
  CHECK(answer.body == R"({"model":"demo-video","provider":"demo","duration":3,)"
                       R"("aspect_ratio":"16:9","estimated_cost":0.3,"per_second_rate":0.1,)"
                       R"("resolution":"1280x720","breakdown":{"base":0.0,"duration_cost":0.3}})");
  CHECK(ErrorOf(fixture.Call("POST", "/v1/usage/estimate", {.body = "{}"})) ==
        "missing_required_parameter/model");
}

// What the process writes to standard error while `act` runs.
template <typename Act>
std::string Logged(Act act) {
  char path[] = "/tmp/mr_gateway_log_XXXXXX";
  const int file = mkstemp(path);
  const int saved = dup(STDERR_FILENO);
  dup2(file, STDERR_FILENO);
  act();
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(file);
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  unlink(path);
  return text;
}

TEST_CASE("logs and metrics tell what happened, but no secret", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.AddCompleted(kId, "bytes");
  fixture.providers.verdict.set_verdict(worker::v1::KEY_VERDICT_VALID);
  obs::InitLog({.service = "gateway", .level = obs::Level::kDebug});
  std::string link;
  const std::string log = Logged([&] {
    fixture.Call("POST", "/v1/keys",
                 {.body = R"({"provider":"demo","api_key":"sk-live-THE-PLAINTEXT"})"});
    fixture.catalog.script.FailNext("ListProviders", base::Internal("oops", "the real reason"));
    fixture.Call("POST", "/v1/keys",
                 {.body = R"({"provider":"demo","api_key":"sk-live-THE-PLAINTEXT"})"});
    link = std::string(Json(fixture.Call("GET", std::string("/v1/video/generations/") + kId))
                           .at("video")
                           .at("url")
                           .as_string());
    fixture.Call("GET", link, {.key = ""});
    fixture.Call("POST", "/v1/video/generations",
                 {.body = R"({"model":"m","prompt":"my private prompt"})"});
    fixture.app->Stop(std::chrono::seconds(5));
  });
  obs::InitLog({.service = "mediarouter"});
  const std::string metrics = obs::RenderMetrics();
  CHECK(log.find("the real reason") != std::string::npos);
  CHECK(log.find("/v1/video/generations/{id}") != std::string::npos);
  CHECK(metrics.find("route=\"/videos/{file}\"") != std::string::npos);
  const std::string signature = link.substr(link.find("signature=") + 10);
  for (const std::string& secret :
       {std::string("PLAINTEXT"), std::string(kAdminKey), std::string(kSecretKey), signature,
        std::string("private prompt")}) {
    CHECK(log.find(secret) == std::string::npos);
    CHECK(metrics.find(secret) == std::string::npos);
  }
}

}  // namespace
}  // namespace mediarouter::gateway
