#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "base/strings.h"
#include "providers/json.h"
#include "providers/registry.h"
#include "support/status_matchers.h"

namespace mediarouter::providers {
namespace {

using httpc::HttpRequest;
using httpc::HttpResponse;
using std::chrono::system_clock;

std::string Recorded(const std::string& name) {
  std::ifstream file(std::string(PROVIDERS_TESTDATA) + "/openai/" + name + ".json");
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

HttpResponse Answer(int status, std::string body) {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

std::string Field(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

const VideoRequest kBalloon{"a red balloon over the sea", "sora-2", "4", "1280x720", ""};

class Fixture {
 protected:
  const Registry registry_ =
      *Registry::Create({{"openai", "openai", "https://api.openai.com/v1/"}});
  const Provider& openai_ = *registry_.Find("openai");

  Submission Submit(int status, const std::string& body) {
    return *openai_.Submit(kBalloon, "sk-1").next()->read(Answer(status, body)).done();
  }
  PollResult Poll(int status, const std::string& body) {
    return *openai_.Poll("video_1", "sk-1").next()->read(Answer(status, body)).done();
  }
  KeyCheck Check(int status, const std::string& body) {
    return *openai_.ValidateKey("sk-1").next()->read(Answer(status, body)).done();
  }
};

TEST_CASE("endpoints are checked", "[providers][registry]") {
  CHECK_FAILS(Registry::Create({{"x", "nobody", "https://a/"}}), absl::StatusCode::kInvalidArgument,
              "unknown_adapter");
  for (const char* bad : {"", "api.openai.com/v1", "ftp://a/v1", "https://a/v1?x=1"}) {
    CAPTURE(bad);
    CHECK_FAILS(Registry::Create({{"x", "openai", bad}}), absl::StatusCode::kInvalidArgument,
                "invalid_base_url");
  }
  CHECK(Registry::Create({})->Find("openai") == nullptr);
}

TEST_CASE_METHOD(Fixture, "a create is one paid JSON request", "[providers][openai]") {
  const auto step = openai_.Submit(kBalloon, "sk-1");
  const HttpRequest& request = step.next()->request;
  CHECK(request.method == "POST");
  CHECK(request.url == "https://api.openai.com/v1/videos");
  CHECK(request.send_once);
  CHECK(request.trusted_host);
  CHECK(Field(request, "Authorization") == "Bearer sk-1");
  CHECK(Field(request, "Content-Type") == "application/json");
  const auto body = ParseObject(request.body);
  REQUIRE(body);
  CHECK(body->size() == 4);
  CHECK(Text(*body, "prompt") == kBalloon.prompt);
  CHECK(Text(*body, "model") == "sora-2");
  CHECK(body->at("seconds").is_string());
  CHECK(Text(*body, "seconds") == "4");
  CHECK(Text(*body, "size") == "1280x720");
}

TEST_CASE_METHOD(Fixture, "a create is accepted by the id in its answer", "[providers][openai]") {
  const Submission submission = Submit(200, Recorded("create_queued"));
  CHECK(submission.outcome == Submission::Outcome::kAccepted);
  CHECK(submission.job_id == "video_68d7512d07848190b3e45da0ecbebcde004da08e1e0678d5");
  CHECK(Submit(201, Recorded("sglang_create")).outcome == Submission::Outcome::kAccepted);
  // Failed at once, but there is a job: polling will tell.
  CHECK(Submit(200, Recorded("vllm_failed")).outcome == Submission::Outcome::kAccepted);
}

TEST_CASE_METHOD(Fixture, "a create that was refused was not paid", "[providers][openai]") {
  const auto [status, file, kind] = GENERATE(table<int, const char*, FaultKind>({
      {400, "error_moderation", FaultKind::kModeration},
      {401, "error_invalid_key", FaultKind::kInvalidKey},
      {404, "error_model_not_found", FaultKind::kInvalidRequest},
      {422, "error_fastapi_validation", FaultKind::kInvalidRequest},
      {429, "error_insufficient_quota", FaultKind::kNoCredit},
      {429, "error_rate_limit", FaultKind::kRateLimit},
  }));
  CAPTURE(status, file);
  const Submission submission = Submit(status, Recorded(file));
  CHECK(submission.outcome == Submission::Outcome::kRefused);
  CHECK(submission.fault.kind == kind);
  CHECK(submission.fault.message.find("sk-") == std::string::npos);
  CHECK(submission.fault.message.find("://") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a create whose answer says nothing is ambiguous",
                 "[providers][openai]") {
  const auto [status, body] = GENERATE(table<int, std::string>({
      {200, "<html>welcome</html>"},
      {200, ""},
      {200, "[]"},
      {200, R"({"object":"video","status":"queued"})"},
      {200, R"({"id":""})"},
      {200, R"({"id":"a b"})"},
      {302, ""},
      {408, ""},
      {409, R"({"error":{"message":"conflict"}})"},
      {499, ""},
      {500, ""},
      {502, "<html>"},
      {504, ""},
  }));
  CAPTURE(status, body);
  CHECK(Submit(status, body).outcome == Submission::Outcome::kAmbiguous);
}

TEST_CASE_METHOD(Fixture, "a poll names its job", "[providers][openai]") {
  const auto step = openai_.Poll("a/b c", "sk-1");
  const HttpRequest& request = step.next()->request;
  CHECK(request.method == "GET");
  CHECK(request.url == "https://api.openai.com/v1/videos/a%2Fb%20c");
  CHECK_FALSE(request.send_once);
}

TEST_CASE_METHOD(Fixture, "a poll reads the state", "[providers][openai]") {
  using State = PollResult::State;
  CHECK(Poll(200, Recorded("create_queued")).state == State::kWorking);
  const PollResult working = Poll(200, Recorded("poll_in_progress"));
  CHECK(working.state == State::kWorking);
  CHECK(working.percent == 33);
  CHECK(Poll(200, Recorded("poll_completed")).state == State::kSucceeded);

  const PollResult blocked = Poll(200, Recorded("poll_failed_moderation"));
  CHECK(blocked.state == State::kFailed);
  CHECK(blocked.fault.kind == FaultKind::kModeration);
  CHECK(blocked.fault.message == "Your request was blocked by our moderation system.");
  CHECK(Poll(200, Recorded("poll_failed_internal")).fault.kind == FaultKind::kProvider);
  CHECK(Poll(200, Recorded("vllm_failed")).fault.message == "CUDA out of memory");
  CHECK(Poll(200, R"({"status":"failed"})").state == State::kFailed);
  CHECK(Poll(200, R"({"status":"cancelled"})").fault.kind == FaultKind::kCancelled);
}

TEST_CASE_METHOD(Fixture, "only the provider's word ends a job", "[providers][openai]") {
  using State = PollResult::State;
  CHECK(Poll(200, R"({"id":"x","status":"paused_for_review"})").state == State::kWorking);
  CHECK(Poll(200, R"({"id":"x"})").state == State::kWorking);
  CHECK(Poll(200, R"({"status":"in_progress","progress":"41"})").percent == 41);
  CHECK(Poll(200, R"({"status":"in_progress","progress":250})").percent == 99);
  CHECK(Poll(200, R"({"status":"in_progress","progress":-3})").percent == 0);
  CHECK_FALSE(Poll(200, R"({"status":"in_progress","progress":null})").percent);
  for (const int status : {302, 401, 403, 408, 429, 500, 503}) {
    CAPTURE(status);
    CHECK(Poll(status, "").state == State::kUnanswered);
  }
  CHECK(Poll(200, "<html>maintenance</html>").state == State::kUnanswered);
  CHECK(Poll(401, "").fault.kind == FaultKind::kInvalidKey);
  CHECK(Poll(404, "").state == State::kUnknownJob);
}

TEST_CASE_METHOD(Fixture, "the bytes are at the job's content", "[providers][openai]") {
  const auto step = openai_.Content("video_1", "sk-1");
  REQUIRE(step.done() != nullptr);
  const HttpRequest& request = step.done()->request;
  CHECK(request.url == "https://api.openai.com/v1/videos/video_1/content");
  CHECK(Field(request, "Authorization") == "Bearer sk-1");
  CHECK(Field(request, "Accept").empty());
  CHECK(request.trusted_host);
}

TEST_CASE_METHOD(Fixture, "the protocol has no cancel", "[providers][openai]") {
  CHECK_FAILS(openai_.Cancel("video_1", "sk-1"), absl::StatusCode::kUnimplemented,
              "cancel_unsupported");
}

TEST_CASE_METHOD(Fixture, "an unknown outcome is looked up in the list", "[providers][openai]") {
  const Attempt attempt{kBalloon, system_clock::from_time_t(1758941485)};
  auto step = openai_.Reconcile(attempt, "sk-1");
  CHECK(step.next()->request.url == "https://api.openai.com/v1/videos?limit=100&order=desc");

  SECTION("over its pages, until all is older than the attempt") {
    step = step.next()->read(Answer(200, Recorded("list_page_1")));
    REQUIRE(step.next() != nullptr);
    CHECK(step.next()->request.url ==
          "https://api.openai.com/v1/videos?limit=100&order=desc&after=video_3");
    step = step.next()->read(Answer(200, Recorded("list_page_2")));
    REQUIRE(step.next() != nullptr);
    step = step.next()->read(Answer(200, Recorded("list_page_3")));
    REQUIRE(step.done() != nullptr);
    CHECK(step.done()->state == Lookup::State::kAnswered);
    // Another prompt, another length and what is older by more than the clocks may differ: out.
    CHECK(step.done()->candidates == std::vector<std::string>{"video_4", "video_3", "video_1"});
  }
  SECTION("of a server whose list has neither has_more nor last_id") {
    step = step.next()->read(Answer(200, Recorded("sglang_list")));
    REQUIRE(step.done() != nullptr);
    CHECK(step.done()->candidates ==
          std::vector<std::string>{"7f8b3c1e-2f7a-4f0e-9c5d-0d8c5a2e9f11"});
  }
  SECTION("that is empty") {
    step = step.next()->read(Answer(200, R"({"object":"list","data":[]})"));
    REQUIRE(step.done() != nullptr);
    CHECK(step.done()->state == Lookup::State::kAnswered);
    CHECK(step.done()->candidates.empty());
  }
  SECTION("that cannot be had now") {
    const auto [status, body] =
        GENERATE(table<int, std::string>({{500, ""}, {401, ""}, {429, ""}, {200, "<html>"}}));
    step = step.next()->read(Answer(status, body));
    REQUIRE(step.done() != nullptr);
    CHECK(step.done()->state == Lookup::State::kUnanswered);
  }
  SECTION("that does not exist") {
    step = step.next()->read(Answer(405, ""));
    REQUIRE(step.done() != nullptr);
    CHECK(step.done()->state == Lookup::State::kUnsupported);
  }
  SECTION("that names the same page for ever") {
    step = step.next()->read(Answer(200, Recorded("list_page_1")));
    step = step.next()->read(Answer(200, Recorded("list_page_1")));
    REQUIRE(step.done() != nullptr);
    CHECK(step.done()->candidates == std::vector<std::string>{"video_4", "video_3"});
  }
}

TEST_CASE_METHOD(Fixture, "a key is judged by the provider alone", "[providers][openai]") {
  using Verdict = KeyCheck::Verdict;
  CHECK(openai_.ValidateKey("sk-1").next()->request.url == "https://api.openai.com/v1/models");
  CHECK(Check(200, Recorded("models")).verdict == Verdict::kValid);
  CHECK(Check(401, Recorded("error_invalid_key")).verdict == Verdict::kInvalid);
  CHECK(Check(403, "").verdict == Verdict::kInvalid);
  CHECK(Check(429, Recorded("error_insufficient_quota")).verdict == Verdict::kQuotaExceeded);
  CHECK(Check(429, Recorded("error_rate_limit")).verdict == Verdict::kUnreachable);
  CHECK(Check(200, "<html>sign in</html>").verdict == Verdict::kUnreachable);
  CHECK(Check(404, "").verdict == Verdict::kUnreachable);
  CHECK(Check(503, "").verdict == Verdict::kUnreachable);
}

}  // namespace
}  // namespace mediarouter::providers
