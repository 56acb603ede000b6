#include "sim/protocols/openai_codec.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "support/status_matchers.h"

namespace mediarouter::sim::openai {
namespace {

namespace json = boost::json;

http::Request JsonRequest(std::string body) {
  http::Request request;
  request.method = "POST";
  request.headers.Set("content-type", "application/json; charset=utf-8");
  request.body = std::move(body);
  return request;
}

http::Request FormRequest(const std::vector<std::pair<std::string, std::string>>& fields) {
  http::Request request;
  request.method = "POST";
  request.headers.Set("content-type", "multipart/form-data; boundary=b");
  for (const auto& [name, value] : fields) {
    request.body +=
        "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  request.body += "--b--\r\n";
  return request;
}

TEST_CASE("JSON and multipart say the same", "[openai]") {
  const http::Request request = GENERATE(
      JsonRequest(R"({"prompt":"a cat","model":"sora-2-pro","seconds":"8","size":"1792x1024"})"),
      FormRequest(
          {{"size", "1792x1024"}, {"seconds", "8"}, {"model", "sora-2-pro"}, {"prompt", "a cat"}}));
  const auto wanted = ParseCreate(request);
  REQUIRE_OK(wanted);
  CHECK(wanted->prompt == "a cat");
  CHECK(wanted->model == "sora-2-pro");
  CHECK(wanted->seconds == "8");
  CHECK(wanted->size == "1792x1024");
}

TEST_CASE("what is not said takes OpenAI's defaults", "[openai]") {
  const auto wanted = ParseCreate(JsonRequest(R"({"prompt":"a cat","seconds":null})"));
  REQUIRE_OK(wanted);
  CHECK(wanted->model == "sora-2");
  CHECK(wanted->seconds == "4");
  CHECK(wanted->size == "720x1280");
}

TEST_CASE("a JSON create is refused by parameter and reason", "[openai]") {
  const std::string long_prompt(32'001, 'x');
  const auto [body, param, reason] = GENERATE_COPY(table<std::string, std::string, std::string>({
      {"", "", "invalid_json"},
      {"[]", "", "invalid_json"},
      {R"({"prompt":"a\u0000b"})", "", "invalid_json"},
      {"{\"prompt\":\"\xff\"}", "", "invalid_json"},
      {"{}", "prompt", "missing_required_parameter"},
      {R"({"prompt":7})", "prompt", "invalid_type"},
      {R"({"prompt":""})", "prompt", "string_below_min_length"},
      {R"({"prompt":")" + long_prompt + "\"}", "prompt", "string_above_max_length"},
      {R"({"prompt":"a Forbidden thing"})", "", "moderation_blocked"},
      {R"({"prompt":"x","seconds":4})", "seconds", "invalid_type"},
      {R"({"prompt":"x","seconds":"5"})", "seconds", "invalid_value"},
      {R"({"prompt":"x","seconds":"4.0"})", "seconds", "invalid_value"},
      {R"({"prompt":"x","size":"1920x1080"})", "size", "invalid_value"},
      {R"({"prompt":"x","size":"1792x1024"})", "size", "invalid_value"},  // not on sora-2
      {R"({"prompt":"x","model":"sora-3"})", "model", "invalid_value"},
      {R"({"prompt":"x","n":2})", "n", "unknown_parameter"},
      {R"({"prompt":"x","input_reference":{}})", "input_reference", "unsupported_parameter"},
  }));
  CAPTURE(body.substr(0, 80));
  const auto wanted = ParseCreate(JsonRequest(body));
  CHECK_FAILS(wanted, absl::StatusCode::kInvalidArgument, reason);
  CHECK(base::Param(wanted.status()) == param);
}

TEST_CASE("a prompt is measured in characters, not bytes", "[openai]") {
  std::string prompt;
  for (int i = 0; i < 32'000; ++i) prompt += "é";
  CHECK_OK(ParseCreate(JsonRequest(R"({"prompt":")" + prompt + "\"}")));
}

TEST_CASE("a multipart create is refused by parameter and reason", "[openai]") {
  using FormFields = std::vector<std::pair<std::string, std::string>>;
  const auto [fields, param, reason] = GENERATE(table<FormFields, std::string, std::string>({
      {{}, "prompt", "missing_required_parameter"},
      {{{"prompt", "a"}, {"prompt", "b"}}, "prompt", "invalid_value"},
      {{{"prompt", "\xff"}}, "prompt", "invalid_type"},
      {{{"prompt", "a"}, {"n", "2"}}, "n", "unknown_parameter"},
      {{{"prompt", "a"}, {"seconds", "05"}}, "seconds", "invalid_value"},
      {{{"prompt", "a"}, {"input_reference[file_id]", "f"}},
       "input_reference",
       "unsupported_parameter"},
  }));
  const auto wanted = ParseCreate(FormRequest(fields));
  CHECK_FAILS(wanted, absl::StatusCode::kInvalidArgument, reason);
  CHECK(base::Param(wanted.status()) == param);
}

TEST_CASE("other content types are refused", "[openai]") {
  http::Request request = JsonRequest("prompt=a");
  request.headers.Set("content-type", "application/x-www-form-urlencoded");
  CHECK_FAILS(ParseCreate(request), absl::StatusCode::kInvalidArgument, "unsupported_content_type");
}

TEST_CASE("the query of a list is read strictly", "[openai]") {
  http::Request request;
  request.query = {{"limit", "7"}, {"order", "asc"}, {"after", "video_1"}};
  const auto query = ParseList(request);
  REQUIRE_OK(query);
  CHECK(query->limit == 7);
  CHECK_FALSE(query->newest_first);
  CHECK(query->after == "video_1");

  const auto [name, value] = GENERATE(table<std::string, std::string>(
      {{"limit", "101"}, {"limit", "-1"}, {"limit", "x"}, {"order", "up"}, {"page", "2"}}));
  request.query = {{name, value}};
  const auto refused = ParseList(request);
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::Param(refused.status()) == name);
}

TEST_CASE("a key is a Bearer token", "[openai]") {
  http::Request request;
  CHECK(absl::IsUnauthenticated(BearerKey(request).status()));
  request.headers.Set("authorization", "Basic abc");
  CHECK(absl::IsUnauthenticated(BearerKey(request).status()));
  request.headers.Set("authorization", "bearer sk-1 ");
  CHECK(*BearerKey(request) == "sk-1");
}

TEST_CASE("a video object has exactly the 13 fields", "[openai]") {
  Job job{.id = "video_1",
          .model = "sora-2",
          .prompt = "a \"cat\"",
          .seconds = "4",
          .size = "720x1280",
          .created_ms = 1'800'000'000'400,
          .script = {.render = std::chrono::milliseconds(2000)}};
  const auto show = [&job](std::int64_t age) {
    const View view = job.At(job.created_ms + age);
    return json::parse(VideoObject(job, view, StatusName(view.status))).as_object();
  };
  const json::object young = show(0);
  CHECK(young.size() == 13);
  CHECK(young.at("status") == "queued");
  CHECK(young.at("completed_at").is_null());
  CHECK(young.at("error").is_null());

  const json::object done = show(2000);
  CHECK(done.size() == 13);
  CHECK(done.at("completed_at").as_int64() == 1'800'000'002);
  CHECK(done.at("expires_at").as_int64() == 1'800'003'602);
  CHECK(done.at("prompt") == "a \"cat\"");

  job.script.failure = Failure{"internal_error", "no"};
  const json::object failed = show(2000);
  CHECK(failed.size() == 13);
  CHECK(failed.at("status") == "failed");
  CHECK(failed.at("completed_at").is_null());
  CHECK(failed.at("error").at("code") == "internal_error");
}

TEST_CASE("errors have OpenAI's shape, without empty words", "[openai]") {
  const http::Response response =
      ErrorResponse(base::WithParam(base::InvalidArgument("invalid_value", "no"), "seconds"));
  CHECK(response.status == 400);
  const json::value error = json::parse(std::get<std::string>(response.body)).at("error");
  CHECK(error.at("message") == "no");
  CHECK(error.at("type") == "invalid_request_error");
  CHECK(error.at("param") == "seconds");
  CHECK(error.at("code") == "invalid_value");

  const json::value bare =
      json::parse(std::get<std::string>(ErrorOfStatus(502, "oh").body)).at("error");
  CHECK(bare.at("type") == "server_error");
  CHECK(bare.at("param").is_null());
  CHECK(bare.at("code").is_null());
}

}  // namespace
}  // namespace mediarouter::sim::openai
