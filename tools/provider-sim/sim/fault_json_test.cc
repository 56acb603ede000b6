#include "sim/fault_json.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "support/status_matchers.h"

namespace mediarouter::sim {
namespace {

absl::StatusOr<Fault> Read(std::string_view text) {
  return FaultFromJson(boost::json::parse(text));
}

TEST_CASE("a fault is read with its match and its parameters", "[fault_json]") {
  const auto fault =
      Read(R"({"match":{"op":"create","prompt_contains":"cat"},"kind":"status","code":429,)"
           R"("retry_after":3,"body":"slow down","count":2,"after":1})");
  REQUIRE_OK(fault);
  CHECK(fault->kind == FaultKind::kStatus);
  CHECK(fault->op == Op::kCreate);
  CHECK(fault->prompt_contains == "cat");
  CHECK(fault->code == 429);
  CHECK(fault->retry_after == 3);
  CHECK(fault->body == "slow down");
  CHECK(fault->count == 2);
  CHECK(fault->after == 1);
}

TEST_CASE("what is left out has a sense of its own", "[fault_json]") {
  CHECK(Read(R"({"kind":"status"})")->code == 503);
  CHECK(Read(R"({"kind":"error_after"})")->code == 500);
  CHECK(Read(R"({"kind":"drop_after"})")->count == 1);
  CHECK_FALSE(Read(R"({"kind":"drop_after"})")->op);
  CHECK(Read(R"({"kind":"render_seconds","seconds":0.25})")->delay ==
        std::chrono::milliseconds(250));
}

TEST_CASE("a fault that cannot be meant is refused", "[fault_json]") {
  const auto [text, param] = GENERATE(table<std::string, std::string>({
      {R"({})", "kind"},
      {R"({"kind":"dance"})", "kind"},
      {R"({"kind":"latency"})", "ms"},
      {R"({"kind":"latency","ms":-1})", "ms"},
      {R"({"kind":"render_seconds","seconds":"2"})", "seconds"},
      {R"({"kind":"status","code":99})", "code"},
      {R"({"kind":"drop_after","code":500})", "code"},
      {R"({"kind":"fail","match":{"op":"poll"}})", "match.op"},
      {R"({"kind":"status","match":{"op":"dance"}})", "match.op"},
      {R"({"kind":"status","match":{"model":"x"}})", "model"},
      {R"({"kind":"status","count":-1})", "count"},
  }));
  CAPTURE(text);
  const auto fault = Read(text);
  CHECK(fault.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::Param(fault.status()) == param);
}

}  // namespace
}  // namespace mediarouter::sim
