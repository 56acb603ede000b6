#include <catch2/catch.hpp>

#include "gateway/gateway_fixture.h"

namespace mediarouter::gateway {
namespace {

using testing::HttpAnswer;

constexpr char kAll[] = "/v1/video/generations";
constexpr char kId[] = "gen_01j8z3k4m5n6p7q8r9s0t1v2w3";
const std::string kOne = std::string(kAll) + "/" + kId;

TEST_CASE("a create answers with the original's fields", "[unit][gateway]") {
  GatewayFixture fixture;
  const HttpAnswer answer = fixture.Call(
      "POST", kAll,
      {.body =
           R"({"model":"demo/demo-video","prompt":"a cat 🐈","duration":4,"seed":0,"fps":null})"});
  REQUIRE(answer.status == 200);
  const boost::json::value json = Json(answer);
  CHECK(std::string(json.at("id").as_string()).starts_with("gen_"));
  CHECK(json.at("object") == "video.generation");
  CHECK(json.at("created") == 1'800'000'000);
  CHECK(json.at("status") == "queued");
  CHECK(json.at("prompt") == "a cat 🐈");
  CHECK(json.at("parameters").at("duration") == 4);
  CHECK(json.at("parameters").at("seed") == 0);
  for (const char* name : {"video", "usage", "error", "error_code", "completed_at"}) {
    CHECK(json.at(name).is_null());
  }
  const auto& stored = fixture.generations.all.begin()->second;
  CHECK(stored.model() == "demo/demo-video");
  CHECK(stored.parameters().has_seed());
  CHECK_FALSE(stored.parameters().has_fps());
  const base::CallContext context = fixture.generations.script.LastContext();
  CHECK(context.principal.project_id == "prj_default");
  CHECK(context.request_id == answer.Header("x-request-id"));
}

TEST_CASE("bad creates are told what is wrong", "[unit][gateway]") {
  GatewayFixture fixture;
  const auto [body, error] = GENERATE(table<std::string, std::string>({
      {"", "invalid_json/"},
      {"{", "invalid_json/"},
      {"[]", "invalid_json/"},
      {"\"text\"", "invalid_json/"},
      {"{\"model\":\"m\",\"prompt\":\"\xff\"}", "invalid_json/"},
      {R"({"model":"m","prompt":"a\u0000b"})", "invalid_json/"},
      {R"({})", "missing_required_parameter/model"},
      {R"({"model":"m"})", "missing_required_parameter/prompt"},
      {R"({"model":"m","prompt":""})", "missing_required_parameter/prompt"},
      {R"({"model":"m","prompt":null})", "missing_required_parameter/prompt"},
      {R"({"model":"","prompt":"p"})", "missing_required_parameter/model"},
      {R"({"model":1,"prompt":"p"})", "invalid_type/model"},
      {R"({"model":"m","prompt":["p"]})", "invalid_type/prompt"},
      {R"({"model":"m","prompt":"p","duration":"4"})", "invalid_type/duration"},
      {R"({"model":"m","prompt":"p","duration":4.5})", "invalid_type/duration"},
      {R"({"model":"m","prompt":"p","duration":0})", "invalid_value/duration"},
      {R"({"model":"m","prompt":"p","duration":99999999999999999999})", "invalid_type/duration"},
      {R"({"model":"m","prompt":"p","seed":-1})", "invalid_value/seed"},
      {R"({"model":"m","prompt":"p","seed":true})", "invalid_type/seed"},
      {R"({"model":"m","prompt":"p","fps":0})", "invalid_value/fps"},
      {R"({"model":"m","prompt":"p","size":""})", "invalid_value/size"},
      {R"({"model":"m","prompt":"p","provider":{}})", "invalid_type/provider"},
      {R"({"model":"m","prompt":"p","prompt":"q"})", "duplicate_parameter/prompt"},
      {R"({"model":"m","prompt":"p","n":2})", "unknown_parameter/n"},
  }));
  INFO(body);
  const HttpAnswer answer = fixture.Call("POST", kAll, {.body = body});
  CHECK(answer.status == 400);
  CHECK(ErrorOf(answer) == error);
  CHECK(fixture.generations.all.empty());
}

TEST_CASE("a body that is not declared JSON is refused", "[unit][gateway]") {
  GatewayFixture fixture;
  const auto [type, status] = GENERATE(table<std::string, int>({
      {"application/json", 200},
      {"Application/JSON; charset=utf-8", 200},
      {"text/plain", 415},
      {"multipart/form-data; boundary=x", 415},
      {"", 415},
  }));
  const std::string headers = type.empty() ? "" : "content-type: " + type + "\r\n";
  const HttpAnswer answer =
      fixture.Call("POST", kAll, {.body = R"({"model":"m","prompt":"p"})", .headers = headers});
  CHECK(answer.status == status);
  if (status == 415) CHECK(ErrorOf(answer) == "unsupported_media_type/");
}

TEST_CASE("what the catalog refuses comes through", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.generations.script.FailNext(
      "CreateGeneration",
      base::WithParam(base::InvalidArgument("unsupported_value", "allowed are 4, 8, 12"),
                      "duration"));
  const HttpAnswer answer =
      fixture.Call("POST", kAll, {.body = R"({"model":"m","prompt":"p","duration":5})"});
  CHECK(answer.status == 400);
  CHECK(ErrorOf(answer) == "unsupported_value/duration");
  CHECK(answer.body.find("allowed are 4, 8, 12") != std::string::npos);
}

TEST_CASE("a create whose answer was lost is asked about, not made again", "[unit][gateway]") {
  GatewayFixture fixture;
  const auto lost =
      GENERATE(as<absl::Status>{}, base::Aborted("commit_in_doubt", "lost"),
               base::Unavailable("service_unavailable", "cut"), base::DeadlineExceeded("", "late"));
  fixture.generations.script.FailNext("CreateGeneration", lost, 2);
  const HttpAnswer answer = fixture.Call("POST", kAll, {.body = R"({"model":"m","prompt":"p"})"});
  CHECK(answer.status == 200);
  CHECK(fixture.generations.all.size() == 1);
  CHECK(fixture.generations.script.Calls("CreateGeneration") == 3);
}

TEST_CASE("a create that stays in doubt is a 503", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.generations.script.FailNext("CreateGeneration", base::Aborted("commit_in_doubt", "x"), 3);
  const HttpAnswer answer = fixture.Call("POST", kAll, {.body = R"({"model":"m","prompt":"p"})"});
  CHECK(answer.status == 503);
  CHECK(ErrorOf(answer) == "service_unavailable/");
  CHECK_FALSE(answer.Header("retry-after").empty());
}

TEST_CASE("a refusal for load is not repeated", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.generations.script.FailNext(
      "CreateGeneration", base::WithRetryAfter(base::Unavailable("overloaded", "pool full"),
                                               std::chrono::milliseconds(2500)));
  const HttpAnswer answer = fixture.Call("POST", kAll, {.body = R"({"model":"m","prompt":"p"})"});
  CHECK(answer.status == 503);
  CHECK(answer.Header("retry-after") == "3");
  CHECK(answer.body.find("pool full") == std::string::npos);
  CHECK(fixture.generations.script.Calls("CreateGeneration") == 1);
}

TEST_CASE("a completed generation has its video, cost and times", "[unit][gateway]") {
  GatewayFixture fixture(
      [](Config& config) { config.public_url = "https://video.example.com/api"; });
  fixture.AddCompleted(kId, "bytes");
  const HttpAnswer answer = fixture.Call("GET", kOne, {.key = kMemberKey});
  REQUIRE(answer.status == 200);
  const boost::json::value json = Json(answer);
  CHECK(std::string(json.at("video").at("url").as_string())
            .starts_with(std::string("https://video.example.com/api/videos/") + kId +
                         ".mp4?expires="));
  CHECK(answer.body.find(R"("duration":4.042,"width":1280,"height":720)") != std::string::npos);
  CHECK(answer.body.find(R"("usage":{"cost":0.4,"time_seconds":12.345})") != std::string::npos);
  CHECK(json.at("completed_at") == "2027-01-15T08:00:12.345000Z");

  const std::string etag = answer.Header("etag");
  const HttpAnswer same = fixture.Call("GET", kOne, {.headers = "if-none-match: " + etag + "\r\n"});
  CHECK(same.status == 304);
  fixture.generations.all[kId].set_version(8);
  CHECK(fixture.Call("GET", kOne, {.headers = "if-none-match: " + etag + "\r\n"}).status == 200);
}

TEST_CASE("ids of another shape are nobody's", "[unit][gateway]") {
  GatewayFixture fixture;
  const std::string id =
      GENERATE("x", "gen_", "gen_01J8Z3K4M5N6P7Q8R9S0T1V2W3", "gen_abc'--", "gen_%F0%9F%90%88",
               "vid_01j8z3k4m5n6p7q8r9s0t1v2w3", "gen_01j8z3k4m5n6p7q8r9s0t1v2w3x");
  for (const auto& [method, suffix] : std::vector<std::pair<std::string, std::string>>{
           {"GET", ""}, {"DELETE", ""}, {"POST", "/cancel"}}) {
    const HttpAnswer answer = fixture.Call(method, std::string(kAll) + "/" + id + suffix);
    CHECK(answer.status == 404);
    CHECK(ErrorOf(answer) == "generation_not_found/");
  }
  CHECK(fixture.generations.script.Calls("GetGeneration") == 0);
}

TEST_CASE("cancel and delete", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.AddCompleted(kId, "bytes");
  const HttpAnswer cancelled = fixture.Call("POST", kOne + "/cancel");
  CHECK(cancelled.status == 200);
  CHECK(Json(cancelled).at("status") == "cancelled");
  const HttpAnswer deleted = fixture.Call("DELETE", kOne);
  CHECK(deleted.status == 200);
  CHECK(deleted.body == R"({"message":"Generation deleted successfully"})");
  CHECK(fixture.Call("DELETE", kOne).status == 404);
  fixture.generations.script.FailNext(
      "CancelGeneration", base::FailedPrecondition("generation_ended", "it has completed"));
  const HttpAnswer late = fixture.Call("POST", kOne + "/cancel");
  CHECK(late.status == 400);
  CHECK(ErrorOf(late) == "generation_ended/");
}

TEST_CASE("the list takes its filters", "[unit][gateway]") {
  GatewayFixture fixture;
  fixture.AddCompleted(kId, "bytes");
  fixture.generations.next_page_token = "a+b/c=";
  const HttpAnswer answer = fixture.Call(
      "GET", std::string(kAll) +
                 "?limit=10&skip=3&status=Completed&provider=demo&model=demo-video&q=a%20cat"
                 "&created_after=2026-01-31T12:00:00%2B01:00&created_before=1800000000");
  REQUIRE(answer.status == 200);
  CHECK(Json(answer).as_array().size() == 1);
  const auto& list = fixture.generations.last_list;
  CHECK(list.page_size() == 10);
  CHECK(list.skip() == 3);
  CHECK(list.state() == generation::v1::GENERATION_STATE_COMPLETED);
  CHECK(list.provider() == "demo");
  CHECK(list.model() == "demo-video");
  CHECK(list.query() == "a cat");
  CHECK(list.created_after().seconds() == 1'769'857'200);
  CHECK(list.created_before().seconds() == 1'800'000'000);
  CHECK(answer.Header("x-next-cursor") == "a+b/c=");
  const std::string link = answer.Header("link");
  const std::string wanted = std::string("<") + kAll +
                             "?cursor=a%2Bb%2Fc%3D&limit=10&status=Completed&provider=demo"
                             "&model=demo-video&q=a%20cat"
                             "&created_after=2026-01-31T12%3A00%3A00%2B01%3A00"
                             "&created_before=1800000000>; rel=\"next\"";
  CHECK(link == wanted);

  const std::string next = link.substr(1, link.find('>') - 1);
  fixture.generations.next_page_token = "";
  const HttpAnswer last = fixture.Call("GET", next);
  CHECK(last.status == 200);
  CHECK(fixture.generations.last_list.page_token() == "a+b/c=");
  CHECK(last.Header("link").empty());
}

TEST_CASE("the list's defaults, and empty filters", "[unit][gateway]") {
  GatewayFixture fixture;
  const HttpAnswer answer =
      fixture.Call("GET", std::string(kAll) + "?status=&provider=&q=&created_after=");
  CHECK(answer.status == 200);
  CHECK(answer.body == "[]");
  const auto& list = fixture.generations.last_list;
  CHECK(list.page_size() == 50);
  CHECK(list.state() == generation::v1::GENERATION_STATE_UNSPECIFIED);
  CHECK_FALSE(list.has_created_after());
}

TEST_CASE("bad list queries name the parameter", "[unit][gateway]") {
  GatewayFixture fixture;
  const auto [query, error] = GENERATE(table<std::string, std::string>({
      {"limit=0", "invalid_value/limit"},
      {"limit=101", "invalid_value/limit"},
      {"limit=-1", "invalid_value/limit"},
      {"limit=x", "invalid_value/limit"},
      {"limit=", "invalid_value/limit"},
      {"limit=99999999999999999999", "invalid_value/limit"},
      {"skip=-1", "invalid_value/skip"},
      {"skip=1e3", "invalid_value/skip"},
      {"status=bogus", "invalid_value/status"},
      {"created_after=yesterday", "invalid_value/created_after"},
      {"created_before=2026-02-31T00:00:00Z", "invalid_value/created_before"},
      {"created_before=-5", "invalid_value/created_before"},
      {"limit=5&limit=6", "duplicate_parameter/limit"},
      {"q=a%00b", "invalid_value/q"},
      {"q=%C3%28", "invalid_value/q"},
      {"limt=5", "unknown_parameter/limt"},
  }));
  INFO(query);
  const HttpAnswer answer = fixture.Call("GET", std::string(kAll) + "?" + query);
  CHECK(answer.status == 400);
  CHECK(ErrorOf(answer) == error);
}

}  // namespace
}  // namespace mediarouter::gateway
