#include "http/json.h"

#include <catch2/catch.hpp>

#include "support/status_matchers.h"

namespace mediarouter::http {
namespace {

TEST_CASE("what is not JSON is refused", "[unit][json]") {
  const std::string body = GENERATE(
      as<std::string>{}, "", " ", "{", "nul", "{\"a\":1,}", "{'a':1}", "{\"a\":01}", "[1] x",
      "\"\xff\"", "{\"a\":\"\\u0000\"}", "{\"\\u0000\":1}", "{\"a\":[\"\\u0000\"]}", "\"\\ud800\"",
      "// comment\n1", std::string("\"a\0b\"", 5), std::string(40, '['));
  CHECK_FAILS(ParseJson(body), absl::StatusCode::kInvalidArgument, "invalid_json");
}

TEST_CASE("deep but not too deep", "[unit][json]") {
  CHECK_OK(ParseJson(std::string(32, '[') + std::string(32, ']')));
  CHECK_FAILS(ParseJson(std::string(33, '[') + std::string(33, ']')),
              absl::StatusCode::kInvalidArgument, "invalid_json");
}

absl::Status Read(std::string_view body) {
  const auto value = ParseJson(body);
  if (!value.ok()) return value.status();
  JsonObject read(*value);
  read.String("text");
  read.Int("number", 1, 10);
  read.Bool("flag");
  return read.Finish();
}

TEST_CASE("members are read strictly", "[unit][json]") {
  const auto [body, reason, param] = GENERATE(table<std::string, std::string, std::string>({
      {R"({})", "", ""},
      {R"({"text":null,"number":null,"flag":null})", "", ""},
      {R"({"text":"","number":1,"flag":false})", "", ""},
      {R"({"text":1})", "invalid_type", "text"},
      {R"({"text":["a"]})", "invalid_type", "text"},
      {R"({"number":"5"})", "invalid_type", "number"},
      {R"({"number":true})", "invalid_type", "number"},
      {R"({"number":1.5})", "invalid_type", "number"},
      {R"({"number":0})", "invalid_value", "number"},
      {R"({"number":11})", "invalid_value", "number"},
      {R"({"number":18446744073709551615})", "invalid_value", "number"},
      {R"({"number":1e999})", "invalid_type", "number"},
      {R"({"flag":"true"})", "invalid_type", "flag"},
      {R"({"flag":0})", "invalid_type", "flag"},
      {R"({"texts":"a"})", "unknown_parameter", "texts"},
      {R"({"text":1,"zzz":1})", "invalid_type", "text"},
      {R"({"text":"a","text":"b"})", "duplicate_parameter", "text"},
      {R"({"text":"a","te\u0078t":null})", "duplicate_parameter", "text"},
      {R"({"flag":true,"x":[{"y":{"z":1,"z":2}}]})", "duplicate_parameter", "z"},
      {R"([])", "invalid_json", ""},
      {R"("text")", "invalid_json", ""},
  }));
  INFO(body);
  const absl::Status status = Read(body);
  CHECK(status.ok() == reason.empty());
  CHECK(base::Reason(status) == reason);
  CHECK(base::Param(status) == param);
}

TEST_CASE("the fault of an unknown member says what is allowed", "[unit][json]") {
  CHECK(base::Message(Read(R"({"texts":"a"})")) ==
        "unknown parameter 'texts'; allowed are flag, number, text");
}

TEST_CASE("the same name in different objects is no duplicate", "[unit][json]") {
  CHECK_OK(ParseJson(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})"));
}

TEST_CASE("a long unknown name is cut between characters", "[unit][json]") {
  std::string name(99, 'x');
  name += "é";
  const absl::Status status = Read("{\"" + name + "\":1}");
  CHECK(base::Param(status) == std::string(99, 'x'));
}

TEST_CASE("values come through", "[unit][json]") {
  const auto value = ParseJson(R"({"text":"héllo","number":-7,"flag":true,"list":[1]})");
  REQUIRE_OK(value);
  JsonObject read(*value);
  CHECK(read.String("text") == "héllo");
  CHECK(read.Int("number", -10, 10) == -7);
  CHECK(read.Bool("flag") == true);
  CHECK(read.Value("list") != nullptr);
  CHECK_OK(read.Finish());
}

}  // namespace
}  // namespace mediarouter::http
