#include <catch2/catch.hpp>

#include "gateway/gateway_fixture.h"

namespace mediarouter::gateway {
namespace {

using testing::HttpAnswer;

constexpr char kSecret[] = "sk-live-THE-PLAINTEXT-wxyz";

std::string Body(const std::string& provider = "demo", const std::string& key = kSecret) {
  return fmt::format(R"({{"provider":"{}","api_key":"{}","name":"mine"}})", provider, key);
}

void SetVerdict(GatewayFixture& fixture, worker::v1::KeyVerdict verdict,
                const std::string& message = "") {
  fixture.providers.verdict.set_verdict(verdict);
  fixture.providers.verdict.set_message(message);
}

TEST_CASE("a key is validated, then stored", "[unit][gateway]") {
  GatewayFixture fixture;
  SetVerdict(fixture, worker::v1::KEY_VERDICT_VALID);
  const HttpAnswer answer = fixture.Call("POST", "/v1/keys", {.body = Body()});
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"id":1,"provider":"demo","name":"mine","status":"active",)"
                       R"("last_validated":null,"created_at":"2027-01-15T08:00:00.000000Z",)"
                       R"("key_preview":"sk-...wxyz"})");
  CHECK(fixture.provider_keys.last_secret == kSecret);
}

TEST_CASE("a key without credit is stored as such", "[unit][gateway]") {
  GatewayFixture fixture;
  SetVerdict(fixture, worker::v1::KEY_VERDICT_QUOTA_EXCEEDED, "no credit");
  const HttpAnswer answer = fixture.Call("POST", "/v1/keys", {.body = Body()});
  CHECK(answer.status == 200);
  CHECK(Json(answer).at("status") == "quota_exceeded");
}

TEST_CASE("a key that the provider refuses is not stored", "[unit][gateway]") {
  GatewayFixture fixture;
  SetVerdict(fixture, worker::v1::KEY_VERDICT_INVALID, "it says 401");
  const HttpAnswer answer = fixture.Call("POST", "/v1/keys", {.body = Body()});
  CHECK(answer.status == 400);
  CHECK(ErrorOf(answer) == "invalid_provider_key/api_key");
  CHECK(answer.body.find("it says 401") != std::string::npos);
  CHECK(answer.body.find(kSecret) == std::string::npos);
  CHECK(fixture.provider_keys.all.empty());
}

TEST_CASE("a network fault is not an invalid key", "[unit][gateway]") {
  GatewayFixture fixture;
  SetVerdict(fixture, worker::v1::KEY_VERDICT_UNREACHABLE, "connection refused");
  const HttpAnswer answer = fixture.Call("POST", "/v1/keys", {.body = Body()});
  CHECK(answer.status == 503);
  CHECK(ErrorOf(answer) == "provider_unavailable/");
  CHECK_FALSE(answer.Header("retry-after").empty());
  CHECK(fixture.provider_keys.all.empty());
}

TEST_CASE("bad keys are refused without echoing them", "[unit][gateway]") {
  GatewayFixture fixture;
  const auto [body, error] = GENERATE(table<std::string, std::string>({
      {R"({"api_key":"sk-live-THE-PLAINTEXT-wxyz"})", "missing_required_parameter/provider"},
      {R"({"provider":"demo"})", "missing_required_parameter/api_key"},
      {R"({"provider":"demo","api_key":""})", "missing_required_parameter/api_key"},
      {R"({"provider":"demo","api_key":["sk-live-THE-PLAINTEXT-wxyz"]})", "invalid_type/api_key"},
      {R"({"provider":"demo","api_key":"sk-live-THE-PLAINTEXT-wxyz\n"})", "invalid_value/api_key"},
      {R"({"provider":"nobody","api_key":"sk-live-THE-PLAINTEXT-wxyz"})",
       "provider_not_found/provider"},
      {R"({"provider":"demo","api_key":"k","key":"sk-live-THE-PLAINTEXT-wxyz"})",
       "unknown_parameter/key"},
      {R"({"provider":"demo","api_key":"sk-live-THE-PLAINTEXT-wxyz")", "invalid_json/"},
  }));
  INFO(body);
  const HttpAnswer answer = fixture.Call("POST", "/v1/keys", {.body = body});
  CHECK(answer.status == 400);
  CHECK(ErrorOf(answer) == error);
  CHECK(answer.body.find("PLAINTEXT") == std::string::npos);
  CHECK(fixture.provider_keys.all.empty());
}

TEST_CASE("keys are for administrators", "[unit][gateway]") {
  GatewayFixture fixture;
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/v1/keys"},
                                                        {"POST", "/v1/keys"},
                                                        {"DELETE", "/v1/keys/1"},
                                                        {"POST", "/v1/keys/1/validate"}}) {
    const HttpAnswer answer = fixture.Call(method, path, {.key = kMemberKey});
    CHECK(answer.status == 403);
    CHECK(ErrorOf(answer) == "admin_required/");
  }
}

TEST_CASE("keys are listed over all pages and deleted", "[unit][gateway]") {
  GatewayFixture fixture;
  SetVerdict(fixture, worker::v1::KEY_VERDICT_VALID);
  for (int i = 0; i < 3; ++i) fixture.Call("POST", "/v1/keys", {.body = Body()});
  CHECK(Json(fixture.Call("GET", "/v1/keys")).as_array().size() == 3);
  const HttpAnswer deleted = fixture.Call("DELETE", "/v1/keys/2");
  CHECK(deleted.body == R"({"message":"Key deleted successfully"})");
  for (const char* id : {"2", "0", "-1", "x", "1.0", "99999999999999999999"}) {
    const HttpAnswer answer = fixture.Call("DELETE", std::string("/v1/keys/") + id);
    CHECK(answer.status == 404);
    CHECK(ErrorOf(answer) == "key_not_found/");
  }
}

TEST_CASE("validating a stored key", "[unit][gateway]") {
  GatewayFixture fixture;
  SetVerdict(fixture, worker::v1::KEY_VERDICT_VALID);
  fixture.Call("POST", "/v1/keys", {.body = Body()});
  const auto validate = [&] { return fixture.Call("POST", "/v1/keys/1/validate").body; };
  CHECK(validate() == R"({"valid":true,"status":"active"})");
  SetVerdict(fixture, worker::v1::KEY_VERDICT_UNREACHABLE, "timeout");
  CHECK(validate() ==
        R"({"valid":true,"status":"active","error":"the provider could not be asked, )"
        R"(the status is unchanged: timeout"})");
  SetVerdict(fixture, worker::v1::KEY_VERDICT_INVALID, "refused");
  CHECK(validate() == R"({"valid":false,"status":"invalid","error":"refused"})");
  CHECK(fixture.provider_keys.all[1].status() == vault::v1::PROVIDER_KEY_STATUS_INVALID);
  SetVerdict(fixture, worker::v1::KEY_VERDICT_QUOTA_EXCEEDED, "no credit");
  CHECK(validate() == R"({"valid":false,"status":"quota_exceeded","error":"no credit"})");
  CHECK(fixture.Call("POST", "/v1/keys/2/validate").status == 404);
}

}  // namespace
}  // namespace mediarouter::gateway
