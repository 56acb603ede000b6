#include "http/multipart.h"

#include <catch2/catch.hpp>

#include "support/status_matchers.h"

namespace mediarouter::http {
namespace {

constexpr char kType[] = "multipart/form-data; boundary=XyZ";

TEST_CASE("text fields and files are told apart", "[multipart]") {
  const std::string body =
      "--XyZ\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na cat\r\n"
      "--XyZ\r\nContent-Disposition: form-data; name=\"input_reference\"; filename=\"a "
      "\\\"b\\\".png\"\r\n"
      "Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--Xy\r\n"
      "--XyZ--\r\n";
  const auto parts = ParseMultipartForm(kType, body);
  REQUIRE_OK(parts);
  REQUIRE(parts->size() == 2);
  CHECK(parts->at(0).name == "prompt");
  CHECK(parts->at(0).body == "a cat");
  CHECK_FALSE(parts->at(0).filename);
  CHECK(parts->at(1).name == "input_reference");
  CHECK(parts->at(1).filename == "a \"b\".png");
  CHECK(parts->at(1).content_type == "image/png");
  CHECK(parts->at(1).body == "\x89PNG\r\n\r\n--Xy");
}

TEST_CASE("a body may have a preamble, an epilogue, empty parts and no parts", "[multipart]") {
  const auto one = ParseMultipartForm(
      "Multipart/Form-Data; charset=utf-8; boundary=\"X Z\"",
      "ignored\r\n--X Z  \r\ncontent-disposition: form-data; name=a\r\n\r\n\r\n--X Z--\r\nalso");
  REQUIRE_OK(one);
  REQUIRE(one->size() == 1);
  CHECK(one->front().name == "a");
  CHECK(one->front().body.empty());

  const auto bare = ParseMultipartForm(
      kType, "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n--XyZ--");
  REQUIRE_OK(bare);
  CHECK(bare->front().body.empty());

  const auto none = ParseMultipartForm(kType, "--XyZ--\r\n");
  REQUIRE_OK(none);
  CHECK(none->empty());
}

TEST_CASE("a name is never taken from a file name", "[multipart]") {
  const auto parts = ParseMultipartForm(
      kType,
      "--XyZ\r\nContent-Disposition: form-data; filename=\"x; name=evil\"; name=\"good\"\r\n\r\n1"
      "\r\n--XyZ--");
  REQUIRE_OK(parts);
  CHECK(parts->front().name == "good");
}

TEST_CASE("broken bodies are refused", "[multipart]") {
  const auto [type, body] = GENERATE(table<std::string, std::string>({
      {"multipart/form-data", "--XyZ--"},
      {"multipart/form-data; boundary=", "--XyZ--"},
      {"multipart/form-data; boundary=" + std::string(71, 'x'), "--XyZ--"},
      {kType, ""},
      {kType, "--XyZ"},
      {kType, "--XyZ\r\n"},
      {kType, "--XyZabc\r\n--XyZ--"},
      {kType, "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nnever closed"},
      {kType, "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XyZ"},
      {kType, "--XyZ\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XyZ--"},
      {kType, "--XyZ\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n1\r\n--XyZ--"},
      {kType, "--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--XyZ--"},
      {kType, "--XyZ\r\nContent-Type: text/plain\r\n\r\n1\r\n--XyZ--"},
      {kType, "--XyZ\r\nno colon\r\n\r\n1\r\n--XyZ--"},
      {kType, "--XyZ\r\n\r\n1\r\n--XyZ--"},
  }));
  CAPTURE(type, body);
  CHECK_FAILS(ParseMultipartForm(type, body), absl::StatusCode::kInvalidArgument,
              "invalid_multipart");
}

TEST_CASE("only multipart/form-data is a form", "[multipart]") {
  CHECK(IsMultipartForm("multipart/form-data; boundary=x"));
  CHECK(IsMultipartForm("MULTIPART/FORM-DATA"));
  CHECK_FALSE(IsMultipartForm("application/json"));
  CHECK_FALSE(IsMultipartForm("multipart/mixed; boundary=x"));
  CHECK_FALSE(IsMultipartForm(""));
}

}  // namespace
}  // namespace mediarouter::http
