#include "sim/app.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "sim/sim_client.h"
#include "support/fake_clock.h"
#include "support/status_matchers.h"

namespace mediarouter::sim {
namespace {

using std::chrono::milliseconds;
using testing::HttpAnswer;
using testing::RawHttp;

// A simulator whose jobs take 2 s of a clock that the test moves.
struct Running {
  testing::FakeClock clock;
  std::unique_ptr<App> app = *App::Start({}, clock);
  SimClient client{app->port()};

  std::string Completed(std::string_view prompt = "a cat") {
    const std::string id = client.Create(prompt);
    clock.Advance(milliseconds(2000));
    return id;
  }
  HttpAnswer Get(const std::string& path) const { return client.Call("GET", path); }
};

TEST_CASE("a video is created, followed, downloaded and deleted", "[app]") {
  Running sim;
  const HttpAnswer created =
      sim.client.Call("POST", "/v1/videos", R"({"prompt":"a cat","seconds":"4"})");
  CHECK(created.status == 200);
  CHECK(created.Header("content-type") == "application/json");
  CHECK_FALSE(created.Header("x-request-id").empty());
  const std::string id(boost::json::parse(created.body).at("id").as_string());
  const std::string path = "/v1/videos/" + id;

  const HttpAnswer young = sim.Get(path);
  CHECK(boost::json::parse(young.body).at("status") == "queued");
  CHECK(young.Header("openai-poll-after-ms") == "1000");
  CHECK(sim.Get(path + "/content").status == 404);
  CHECK(sim.client.Call("DELETE", path).status == 400);

  sim.clock.Advance(milliseconds(1000));
  CHECK(sim.client.Json("GET", path).at("progress").as_int64() == 50);
  sim.clock.Advance(milliseconds(1000));
  const HttpAnswer done = sim.Get(path);
  CHECK(boost::json::parse(done.body).at("status") == "completed");
  CHECK(done.Header("openai-poll-after-ms").empty());

  const HttpAnswer video = sim.Get(path + "/content?variant=video");
  CHECK(video.status == 200);
  CHECK(video.Header("content-type") == "video/mp4");
  CHECK(video.body.substr(4, 4) == "ftyp");
  CHECK(video.body.size() == std::stoull(video.Header("content-length")));
  const HttpAnswer part = sim.client.Call("GET", path + "/content", "", "range: bytes=4-7\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == "ftyp");
  CHECK(sim.Get(path + "/content?variant=thumbnail").status == 400);

  CHECK(sim.client.Json("DELETE", path).at("deleted").as_bool());
  CHECK(sim.Get(path).status == 404);
  CHECK(sim.client.Stat("paid") == 1);
}

TEST_CASE("the content is there for an hour", "[app]") {
  Running sim;
  const std::string path = "/v1/videos/" + sim.Completed() + "/content";
  sim.clock.Advance(std::chrono::minutes(59));
  CHECK(sim.Get(path).status == 200);
  sim.clock.Advance(std::chrono::minutes(2));
  CHECK(sim.Get(path).status == 404);
}

TEST_CASE("the list is paged as the SDKs page it", "[app]") {
  Running sim;
  for (const char* prompt : {"1", "2", "3"}) sim.client.Create(prompt);
  const auto first = sim.client.Json("GET", "/v1/videos?limit=2");
  CHECK(first.at("has_more").as_bool());
  CHECK(first.at("data").at(0).at("prompt") == "3");
  CHECK(first.at("last_id") == first.at("data").at(1).at("id"));
  const auto last = sim.client.Json(
      "GET", "/v1/videos?limit=2&after=" + std::string(first.at("last_id").as_string()));
  CHECK_FALSE(last.at("has_more").as_bool());
  CHECK(last.at("data").as_array().size() == 1);
  CHECK(sim.Get("/v1/videos?after=video_nobody").status == 404);
}

TEST_CASE("keys decide what may be done", "[app]") {
  Running sim;
  const auto code = [&](const std::string& key, std::string_view method, std::string_view path) {
    const HttpAnswer answer =
        SimClient(sim.app->port(), key).Call(method, path, SimClient::CreateBody("x"));
    return std::to_string(answer.status) + " " +
           boost::json::serialize(boost::json::parse(answer.body).as_object()["error"]);
  };
  CHECK(code("invalid-1", "GET", "/v1/models").find("invalid_api_key") != std::string::npos);
  CHECK(code("invalid-1", "GET", "/v1/models").starts_with("401"));
  CHECK(code("nocredit-1", "GET", "/v1/models").starts_with("200"));
  CHECK(code("nocredit-1", "POST", "/v1/videos").starts_with("429"));
  CHECK(code("nocredit-1", "POST", "/v1/videos").find("insufficient_quota") != std::string::npos);
  CHECK(sim.client.Stat("paid") == 0);

  const std::string path = "/v1/videos/" + SimClient(sim.app->port(), "acme.1").Create("x");
  CHECK(code("acme.2", "GET", path).starts_with("200"));
  CHECK(code("other", "GET", path).starts_with("404"));
}

TEST_CASE("only the keys that were named are accepted", "[app]") {
  const auto app = *App::Start({.api_keys = {"sk-1"}});
  CHECK(SimClient(app->port(), "sk-1").Call("GET", "/v1/models").status == 200);
  CHECK(SimClient(app->port(), "sk-2").Call("GET", "/v1/models").status == 401);
}

TEST_CASE("an accepted job is paid although the connection is cut", "[app]") {
  Running sim;
  sim.client.Fault(R"({"kind":"drop_after","match":{"op":"create"}})");
  RawHttp kept(sim.app->port());
  CHECK(kept.Exchange(sim.client.Request("GET", "/v1/models")).status == 200);
  kept.Send(sim.client.Request("POST", "/v1/videos", SimClient::CreateBody("lost")));
  CHECK(kept.ReadsEnd());
  CHECK(sim.client.Stat("paid") == 1);
  CHECK(sim.client.Json("GET", "/v1/videos").at("data").at(0).at("prompt") == "lost");
}

TEST_CASE("a connection cut before accepting pays nothing", "[app]") {
  Running sim;
  sim.client.Fault(R"({"kind":"drop_before","match":{"op":"create"}})");
  RawHttp connection(sim.app->port());
  connection.Send(sim.client.Request("POST", "/v1/videos", SimClient::CreateBody("x")));
  CHECK(connection.ReadsEnd());
  CHECK(sim.client.Stat("paid") == 0);
  CHECK(sim.client.Stat("creates") == 1);
}

TEST_CASE("errors come before or after accepting", "[app]") {
  Running sim;
  sim.client.Fault(R"({"kind":"status","code":429,"retry_after":7,"match":{"op":"create"}})");
  const HttpAnswer before = sim.client.Call("POST", "/v1/videos", SimClient::CreateBody("x"));
  CHECK(before.status == 429);
  CHECK(before.Header("retry-after") == "7");
  CHECK(boost::json::parse(before.body).at("error").at("code") == "rate_limit_exceeded");
  CHECK(sim.client.Stat("paid") == 0);

  sim.client.Fault(R"({"kind":"error_after","code":502,"match":{"op":"create"}})");
  CHECK(sim.client.Call("POST", "/v1/videos", SimClient::CreateBody("x")).status == 502);
  CHECK(sim.client.Stat("paid") == 1);
}

TEST_CASE("an answer can be no answer", "[app]") {
  Running sim;
  const std::string path = "/v1/videos/" + sim.Completed();
  sim.client.Fault(R"({"kind":"html_200"})");
  CHECK(sim.Get(path).Header("content-type") == "text/html; charset=utf-8");
  sim.client.Fault(R"({"kind":"wrong_content_type","content_type":"image/png"})");
  CHECK(sim.Get(path).Header("content-type") == "image/png");
  sim.client.Fault(R"({"kind":"truncated_body"})");
  CHECK_THROWS_WITH(sim.Get(path), "the peer closed early");
  sim.client.Fault(R"({"kind":"truncated_body","match":{"op":"content"}})");
  CHECK_THROWS_WITH(sim.Get(path + "/content"), "the peer closed early");
  CHECK(sim.Get(path + "/content").status == 200);
}

TEST_CASE("latency and stalls take their time and lose nothing", "[app]") {
  Running sim;
  const std::string path = "/v1/videos/" + sim.Completed();
  const std::string plain = sim.Get(path).body;
  const char* kind = GENERATE("latency", "stalled_body");
  sim.client.Fault(fmt::format(R"({{"kind":"{}","ms":120}})", kind));
  const auto started = std::chrono::steady_clock::now();
  CHECK(sim.Get(path).body == plain);
  CHECK(std::chrono::steady_clock::now() - started >= milliseconds(120));
}

TEST_CASE("an endless body goes on for as long as it is read", "[app]") {
  Running sim;
  sim.client.Fault(R"({"kind":"endless_body"})");
  RawHttp connection(sim.app->port());
  connection.Send(sim.client.Request("GET", "/v1/models"));
  CHECK(connection.ReadsAtLeast(8 << 20));
}

TEST_CASE("faults that stay with a job", "[app]") {
  Running sim;
  sim.client.Fault(
      R"({"kind":"fail","code":"moderation_blocked","match":{"prompt_contains":"f"}})");
  sim.client.Fault(R"({"kind":"never_completes","match":{"prompt_contains":"n"}})");
  sim.client.Fault(R"({"kind":"render_seconds","seconds":60,"match":{"prompt_contains":"s"}})");
  const std::string failing = sim.client.Create("f"), endless = sim.client.Create("n"),
                    slow = sim.client.Create("s");
  const auto status = [&](const std::string& id) {
    return std::string(sim.client.Json("GET", "/v1/videos/" + id).at("status").as_string());
  };
  sim.clock.Advance(milliseconds(59'999));
  CHECK(status(failing) == "failed");
  CHECK(sim.client.Json("GET", "/v1/videos/" + failing).at("error").at("code") ==
        "moderation_blocked");
  CHECK(status(endless) == "in_progress");
  CHECK(status(slow) == "in_progress");
  sim.clock.Advance(milliseconds(1));
  CHECK(status(slow) == "completed");
  CHECK(status(endless) == "in_progress");
}

TEST_CASE("a job can be hidden from the list for a while", "[app]") {
  Running sim;
  sim.client.Fault(R"({"kind":"list_hidden","ms":500})");
  const std::string id = sim.client.Create("x");
  CHECK(sim.client.Json("GET", "/v1/videos").at("data").as_array().empty());
  CHECK(sim.Get("/v1/videos/" + id).status == 200);
  sim.clock.Advance(milliseconds(500));
  CHECK(sim.client.Json("GET", "/v1/videos").at("data").as_array().size() == 1);
}

TEST_CASE("a poll can tell untruths", "[app]") {
  Running sim;
  const std::string path = "/v1/videos/" + sim.client.Create("x");
  sim.clock.Advance(milliseconds(1600));
  sim.client.Fault(R"({"kind":"progress_backwards"})");
  CHECK(sim.client.Json("GET", path).at("progress").as_int64() == 40);
  sim.client.Fault(R"({"kind":"unknown_status","status":"dreaming"})");
  CHECK(sim.client.Json("GET", path).at("status") == "dreaming");
  sim.client.Fault(R"({"kind":"job_forgotten"})");
  CHECK(sim.Get(path).status == 404);
  CHECK(sim.client.Json("GET", path).at("progress").as_int64() == 80);
}

TEST_CASE("a download can be missing, elsewhere, or expired there", "[app]") {
  Running sim;
  const std::string path = "/v1/videos/" + sim.Completed() + "/content";
  sim.client.Fault(R"({"kind":"completed_without_content"})");
  CHECK(sim.Get(path).status == 404);

  const auto follow = [&] {
    const HttpAnswer answer = sim.Get(path);
    CHECK(answer.status == 302);
    const std::string location = answer.Header("location");
    REQUIRE(location.starts_with("http://sim/"));
    return sim.Get(location.substr(std::string_view("http://sim").size()));
  };
  sim.client.Fault(R"({"kind":"redirect"})");
  const HttpAnswer video = follow();
  CHECK(video.status == 200);
  CHECK(video.body == sim.Get(path).body);
  sim.client.Fault(R"({"kind":"expired_link"})");
  CHECK(follow().status == 403);
}

TEST_CASE("reset forgets everything, defaults change what is to come", "[app]") {
  Running sim;
  CHECK(sim.client.Call("POST", "/__sim/defaults", R"({"render_seconds":0})").status == 200);
  CHECK(sim.client.Json("POST", "/v1/videos", SimClient::CreateBody("x")).at("status") ==
        "completed");
  CHECK(sim.client.Call("POST", "/__sim/defaults", R"({"speed":1})").status == 400);
  sim.client.Fault(R"({"kind":"status","count":0})");
  CHECK(sim.client.Call("POST", "/__sim/reset").status == 200);
  CHECK(sim.client.Stat("paid") == 0);
  CHECK(sim.client.Stat("creates") == 0);
  CHECK(sim.client.Json("GET", "/__sim/faults").at("faults").as_array().empty());
  CHECK(sim.client.Json("POST", "/v1/videos", SimClient::CreateBody("x")).at("status") == "queued");
}

TEST_CASE("a fault can be looked at and withdrawn", "[app]") {
  Running sim;
  const std::string id = sim.client.Fault(R"({"kind":"status","count":0})");
  CHECK(sim.Get("/v1/models").status == 503);
  CHECK(sim.client.Json("GET", "/__sim/faults").at("faults").at(0).at("hits").as_int64() == 1);
  CHECK(sim.client.Call("DELETE", "/__sim/faults/" + id).status == 200);
  CHECK(sim.client.Call("DELETE", "/__sim/faults/" + id).status == 404);
  CHECK(sim.Get("/v1/models").status == 200);
  sim.client.Fault(R"({"kind":"status","count":0})");
  CHECK(sim.client.Call("DELETE", "/__sim/faults").status == 200);
  CHECK(sim.Get("/v1/models").status == 200);
}

TEST_CASE("unknown paths and methods are errors in OpenAI's shape", "[app]") {
  Running sim;
  const HttpAnswer unknown = sim.Get("/v1/dreams");
  CHECK(unknown.status == 404);
  CHECK(boost::json::parse(unknown.body).at("error").at("type") == "invalid_request_error");
  CHECK(sim.client.Call("PUT", "/v1/videos").status == 405);
}

TEST_CASE("paid jobs are counted exactly from many clients", "[app]") {
  Running sim;
  sim.client.Fault(R"({"kind":"drop_after","count":30,"match":{"op":"create"}})");
  std::vector<std::thread> clients;
  clients.reserve(4);
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        RawHttp connection(sim.app->port());
        connection.Send(sim.client.Request("POST", "/v1/videos", SimClient::CreateBody("x")));
        (void)connection.ReadsEnd();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(sim.client.Stat("creates") == 200);
  CHECK(sim.client.Stat("paid") == 200);
  CHECK(sim.client.Json("GET", "/__sim/stats").at("by_prompt").at("x").as_int64() == 200);
}

}  // namespace
}  // namespace mediarouter::sim
