#include "providers/http_errors.h"

#include <catch2/catch.hpp>

namespace mediarouter::providers {
namespace {

using httpc::HttpResponse;
using namespace std::chrono_literals;

HttpResponse Answer(int status, std::string body,
                    std::vector<std::pair<std::string, std::string>> headers = {}) {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.headers = std::move(headers);
  return answer;
}

TEST_CASE("answers become faults by status and code", "[providers][errors]") {
  using Row = std::tuple<int, std::string, FaultKind>;
  const auto [status, body, kind] = GENERATE(table<int, std::string, FaultKind>({
      Row{400, R"({"error":{"code":"moderation_blocked"}})", FaultKind::kModeration},
      Row{403, R"({"error":{"code":"content_policy_violation"}})", FaultKind::kModeration},
      Row{400, R"({"error":{"message":"bad size"}})", FaultKind::kInvalidRequest},
      Row{401, "", FaultKind::kInvalidKey},
      Row{402, "", FaultKind::kNoCredit},
      Row{403, "<html>", FaultKind::kInvalidKey},
      Row{404, R"({"error":{"code":"model_not_found"}})", FaultKind::kInvalidRequest},
      Row{408, "", FaultKind::kProvider},
      Row{409, "", FaultKind::kProvider},
      Row{413, "", FaultKind::kInvalidRequest},
      Row{422, R"({"detail":"no"})", FaultKind::kInvalidRequest},
      Row{429, R"({"error":{"code":"rate_limit_exceeded"}})", FaultKind::kRateLimit},
      Row{429, R"({"error":{"code":"insufficient_quota"}})", FaultKind::kNoCredit},
      Row{429, R"({"error":{"type":"insufficient_quota","code":null}})", FaultKind::kNoCredit},
      Row{500, "", FaultKind::kProvider},
      Row{503, "<html>busy</html>", FaultKind::kProvider},
      Row{302, "", FaultKind::kProvider},
  }));
  CAPTURE(status, body);
  const Fault fault = FaultOf(Answer(status, body));
  CHECK(fault.kind == kind);
  CHECK_FALSE(fault.message.empty());
}

TEST_CASE("the provider's reason is found in the usual shapes", "[providers][errors]") {
  CHECK(FaultOf(Answer(400, R"({"error":{"message":"bad size"}})")).message == "bad size");
  CHECK(FaultOf(Answer(400, R"({"error":"bad size"})")).message == "bad size");
  CHECK(FaultOf(Answer(400, R"({"detail":"bad size"})")).message == "bad size");
  CHECK(FaultOf(Answer(422, R"({"detail":[{"msg":"bad size"}]})")).message == "bad size");
  CHECK(FaultOf(Answer(400, R"({"message":"bad size"})")).message == "bad size");
  // A raw body never gets through.
  CHECK(FaultOf(Answer(400, "<html>secret</html>")).message == "the provider refused the request");
  // Nor what is said about a key.
  CHECK(FaultOf(Answer(401, R"({"error":{"message":"Incorrect key: abc"}})")).message ==
        "the provider refused the provider key");
}

TEST_CASE("messages are made safe", "[providers][errors]") {
  CHECK(SafeMessage("  a\n\tb\x01 c ") == "a b c");
  CHECK(SafeMessage("see https://x.example/a?sig=1 now") == "see [...] now");
  CHECK(SafeMessage("key sk-abcdef is bad") == "key [...] is bad");
  CHECK(SafeMessage("bad \xff utf8").empty());
  std::string umlauts;
  for (int i = 0; i < 400; ++i) umlauts += "\xc3\xa4";
  CHECK(SafeMessage(umlauts).size() == 600);
}

TEST_CASE("Retry-After comes in three forms", "[providers][errors]") {
  CHECK(RetryAfterOf(Answer(429, "", {{"retry-after", "7"}})) == 7s);
  CHECK(RetryAfterOf(Answer(429, "", {{"retry-after-ms", "250"}, {"retry-after", "7"}})) == 250ms);
  CHECK(RetryAfterOf(Answer(429, "",
                            {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                             {"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}})) == 30s);
  CHECK_FALSE(RetryAfterOf(Answer(429, "", {{"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}})));
  CHECK_FALSE(RetryAfterOf(Answer(429, "", {{"retry-after", "-1"}})));
  CHECK_FALSE(RetryAfterOf(Answer(429, "", {{"retry-after", "soon"}})));
  CHECK(RetryAfterOf(Answer(429, "", {{"retry-after", "999999999999"}})) == 24h);
}

TEST_CASE("only some answers to a create are certain", "[providers][errors]") {
  for (const int status : {400, 401, 402, 403, 404, 410, 413, 422, 429, 308}) {
    CAPTURE(status);
    CHECK(IsDefiniteRefusal(status));
  }
  for (const int status : {200, 301, 302, 303, 408, 409, 499, 500, 502, 503, 504, 520}) {
    CAPTURE(status);
    CHECK_FALSE(IsDefiniteRefusal(status));
  }
}

}  // namespace
}  // namespace mediarouter::providers
