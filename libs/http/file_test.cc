#include "http/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "support/status_matchers.h"

namespace mediarouter::http {
namespace {

constexpr RangeKind kWhole = RangeKind::kWhole;
constexpr RangeKind kPart = RangeKind::kPart;
constexpr RangeKind kUnsatisfiable = RangeKind::kUnsatisfiable;

TEST_CASE("a Range header of a 100-byte file", "[unit][range]") {
  const auto [header, kind, first, length] =
      GENERATE(table<std::string, RangeKind, std::uint64_t, std::uint64_t>({
          {"bytes=0-99", kPart, 0, 100},
          {"bytes=0-0", kPart, 0, 1},
          {"bytes=10-19", kPart, 10, 10},
          {"bytes=90-", kPart, 90, 10},
          {"bytes=90-1000", kPart, 90, 10},
          {"bytes=-10", kPart, 90, 10},
          {"bytes=-1000", kPart, 0, 100},
          {"bytes=0-99999999999999999999999", kPart, 0, 100},
          {"Bytes = 5-6 ", kPart, 5, 2},
          {"bytes=100-", kUnsatisfiable, 0, 0},
          {"bytes=99999999999999999999999-", kUnsatisfiable, 0, 0},
          {"bytes=-0", kUnsatisfiable, 0, 0},
          {"", kWhole, 0, 0},
          {"bytes", kWhole, 0, 0},
          {"bytes=", kWhole, 0, 0},
          {"bytes=-", kWhole, 0, 0},
          {"bytes=5", kWhole, 0, 0},
          {"bytes=9-5", kWhole, 0, 0},
          {"bytes=0-1,5-6", kWhole, 0, 0},
          {"bytes=-5,-6", kWhole, 0, 0},
          {"bytes=+1-5", kWhole, 0, 0},
          {"bytes=a-b", kWhole, 0, 0},
          {"lines=0-5", kWhole, 0, 0},
      }));
  INFO(header);
  const RangeChoice choice = ChooseRange(header, 100);
  CHECK(choice.kind == kind);
  CHECK(choice.range.first == first);
  CHECK(choice.range.length == length);
}

TEST_CASE("no range of an empty file can be had", "[unit][range]") {
  CHECK(ChooseRange("bytes=0-", 0).kind == kUnsatisfiable);
  CHECK(ChooseRange("bytes=-5", 0).kind == kUnsatisfiable);
}

struct Conditions {
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
};

int StatusFor(const Conditions& conditions) {
  Request request;
  request.method = conditions.method;
  for (const auto& [name, value] : conditions.headers) request.headers.Add(name, value);
  return Select(request, {100, "\"tag\"", "video/mp4", "private"}).response.status;
}

TEST_CASE("conditional requests", "[unit][range]") {
  CHECK(StatusFor({}) == 200);
  CHECK(StatusFor({.headers = {{"if-none-match", "\"tag\""}}}) == 304);
  CHECK(StatusFor({.headers = {{"if-none-match", "\"other\", W/\"tag\""}}}) == 304);
  CHECK(StatusFor({.headers = {{"if-none-match", "*"}}}) == 304);
  CHECK(StatusFor({.headers = {{"if-none-match", "\"other\""}}}) == 200);
  CHECK(StatusFor({.headers = {{"if-match", "\"other\""}}}) == 412);
  CHECK(StatusFor({.headers = {{"if-match", "\"tag\""}}}) == 200);
  CHECK(StatusFor({.headers = {{"range", "bytes=0-5"}}}) == 206);
  CHECK(StatusFor({.headers = {{"range", "bytes=0-5"}, {"if-range", "\"tag\""}}}) == 206);
  CHECK(StatusFor({.headers = {{"range", "bytes=0-5"}, {"if-range", "W/\"tag\""}}}) == 200);
  CHECK(StatusFor({.headers = {{"range", "bytes=0-5"}, {"if-range", "\"other\""}}}) == 200);
  CHECK(StatusFor({.headers = {{"range", "bytes=500-"}}}) == 416);
  CHECK(StatusFor({.headers = {{"range", "bytes=0-5"}, {"if-none-match", "\"tag\""}}}) == 304);
  CHECK(StatusFor({.method = "HEAD", .headers = {{"range", "bytes=0-5"}}}) == 200);
}

TEST_CASE("the answers name their bytes", "[unit][range]") {
  Request request;
  request.method = "GET";
  request.headers.Set("range", "bytes=-5");
  const Selection part = Select(request, {100, "\"tag\"", "video/mp4", "private"});
  CHECK(part.response.headers.Get("content-range") == "bytes 95-99/100");
  CHECK(part.range.first == 95);
  CHECK(part.range.length == 5);
  request.headers.Set("range", "bytes=100-");
  const Selection beyond = Select(request, {100, "\"tag\"", "video/mp4", "private"});
  CHECK(beyond.response.headers.Get("content-range") == "bytes */100");
  CHECK_FALSE(beyond.has_body);
}

TEST_CASE("only regular files are opened", "[unit][file]") {
  char folder[] = "/tmp/mr_file_test_XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  const std::string base(folder);
  std::ofstream(base + "/file") << "hello";
  REQUIRE(symlink((base + "/file").c_str(), (base + "/link").c_str()) == 0);
  REQUIRE(mkfifo((base + "/fifo").c_str(), 0600) == 0);

  const auto opened = OpenFile(base + "/file");
  REQUIRE_OK(opened);
  CHECK(opened->size == 5);
  for (const char* name : {"/link", "/fifo", "/absent", ""}) {
    INFO(name);
    CHECK_FAILS(OpenFile(base + name), absl::StatusCode::kNotFound, "file_not_found");
  }
  for (const char* name : {"/file", "/link", "/fifo"}) unlink((base + name).c_str());
  rmdir(folder);
}

}  // namespace
}  // namespace mediarouter::http
