#include "http/server.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <future>
#include <thread>

#include "http/file.h"
#include "support/raw_http.h"
#include "support/status_matchers.h"

namespace mediarouter::http {
namespace {

using boost::asio::awaitable;
using testing::HttpAnswer;
using testing::RawHttp;

constexpr std::size_t kFileSize = 5 * 1024 * 1024;

std::string FileBytes() {
  std::string bytes(kFileSize, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

class TempFile {
 public:
  TempFile() {
    const int fd = mkstemp(path_);
    close(fd);
    std::ofstream(path_, std::ios::binary) << FileBytes();
  }
  ~TempFile() { unlink(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/mr_http_test_XXXXXX";
};

Response Text(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers.Set("content-type", "text/plain");
  response.body = std::move(text);
  return response;
}

awaitable<std::optional<std::string>> NextPiece(std::shared_ptr<int> left) {
  if ((*left)-- > 0) co_return "piece;";
  co_return "";
}

// A server with a handler per path.
class Fixture {
 public:
  explicit Fixture(ServerConfig config = {}) {
    auto started = Server::Start(
        config, [this](Request& request) { return Handle(request); },
        [](Refusal refusal, const std::string&) {
          constexpr int kStatus[] = {400, 408, 413, 431};
          return Text(kStatus[static_cast<int>(refusal)], "refused");
        },
        [](const std::string&) { return Text(500, "failed"); });
    REQUIRE_OK(started);
    server = *std::move(started);
  }

  int port() const { return server->port(); }

  TempFile file;
  std::promise<void> entered;  // set by /slow
  std::unique_ptr<Server> server;

 private:
  awaitable<Response> Handle(Request& request) {
    request.route = request.path;
    if (request.path == "/throw") throw std::runtime_error("on purpose");
    if (request.path == "/file") {
      const auto opened = OpenFile(file.path());
      Selection selection = Select(request, {opened->size, "\"tag\"", "video/mp4", "private"});
      if (selection.has_body) {
        selection.response.body =
            FileBody{opened->fd, selection.range.first, selection.range.length};
      }
      co_return std::move(selection.response);
    }
    if (request.path == "/stream") {
      StreamBody stream;
      auto left = std::make_shared<int>(3);
      stream.next = [left] { return NextPiece(left); };
      if (request.Query("length")) stream.length = 18;
      Response response;
      response.body = std::move(stream);
      co_return response;
    }
    if (request.path == "/drop") {
      Response response = Text(200, "never sent");
      response.drop_connection = true;
      co_return response;
    }
    if (request.path == "/slow") {
      entered.set_value();
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                      std::chrono::milliseconds(300));
      co_await timer.async_wait(boost::asio::use_awaitable);
      co_return Text(200, "slow");
    }
    if (request.path == "/stuck") {
      entered.set_value();
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                      std::chrono::hours(1));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    if (request.path == "/context") {
      const auto left = request.context.Remaining(std::chrono::hours(1));
      co_return Text(200, fmt::format("{} {} {}", request.context.request_id,
                                      request.context.traceparent, left.count()));
    }
    if (request.path == "/inject") {
      Response response = Text(200, "x");
      response.headers.Set("x-test", "a\r\nx-evil: 1");
      co_return response;
    }
    if (request.path == "/nothing") co_return Text(204, "");
    co_return Text(200, request.method + " " + request.path + " " + request.body);
  }
};

std::string Get(std::string_view target, std::string_view headers = "") {
  return fmt::format("GET {} HTTP/1.1\r\nhost: x\r\n{}\r\n", target, headers);
}

TEST_CASE("a connection is kept for further requests", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  for (int i = 0; i < 3; ++i) {
    const HttpAnswer answer = client.Exchange(Get("/a%20b"));
    CHECK(answer.status == 200);
    CHECK(answer.body == "GET /a b ");
    CHECK(answer.Header("connection").empty());
    CHECK(answer.Header("date").size() == 29);
    CHECK(answer.Header("server").empty());
    CHECK_FALSE(answer.Header("x-request-id").empty());
  }
}

TEST_CASE("pipelined requests are answered in order", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  client.Send(Get("/1") + "POST /2 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc" +
              Get("/3"));
  CHECK(client.Read().body == "GET /1 ");
  CHECK(client.Read().body == "POST /2 abc");
  CHECK(client.Read().body == "GET /3 ");
}

TEST_CASE("a chunked body is put together", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  client.Send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.Send("2;ext=1\r\nde\r\n0\r\ntrailer: 1\r\n\r\n");
  CHECK(client.Read().body == "POST / abcde");
  CHECK(client.Exchange(Get("/next")).status == 200);
}

TEST_CASE("Expect: 100-continue", "[unit][http]") {
  Fixture fixture({.max_body_bytes = 1000});
  SECTION("a body within the limit is asked for") {
    RawHttp client(fixture.port());
    const HttpAnswer go = client.Exchange(
        "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n");
    CHECK(go.status == 100);
    CHECK(client.Exchange("abc").body == "POST / abc");
  }
  SECTION("one past it is refused without") {
    RawHttp client(fixture.port());
    const HttpAnswer answer = client.Exchange(
        "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3000\r\n\r\n");
    CHECK(answer.status == 413);
    CHECK(client.ReadsEnd());
  }
}

TEST_CASE("a body past the limit is refused and the answer arrives", "[unit][http]") {
  Fixture fixture({.max_body_bytes = 1000});
  RawHttp client(fixture.port());
  SECTION("by its announced length") {
    client.Send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\n" +
                std::string(500000, 'x'));
  }
  SECTION("by its chunks") {
    client.Send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for (int i = 0; i < 50; ++i) client.Send("2710\r\n" + std::string(10000, 'x') + "\r\n");
  }
  const HttpAnswer answer = client.Read();
  CHECK(answer.status == 413);
  CHECK(answer.Header("connection") == "close");
  CHECK(client.ReadsEnd());
}

TEST_CASE("a header past the limit is refused", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  SECTION("one field") { client.Send(Get("/", "x-big: " + std::string(20000, 'x') + "\r\n")); }
  SECTION("the target") { client.Send(Get("/" + std::string(20000, 'x'))); }
  SECTION("endless") {
    client.Send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 2000; ++i) client.Send(fmt::format("x-{}: y\r\n", i));
  }
  CHECK(client.Read().status == 431);
  CHECK(client.ReadsEnd());
}

TEST_CASE("slow senders are told and cut off", "[unit][http]") {
  Fixture fixture({.header_timeout = std::chrono::milliseconds(100),
                   .body_timeout = std::chrono::milliseconds(100),
                   .idle_timeout = std::chrono::milliseconds(100)});
  RawHttp client(fixture.port());
  SECTION("in the header") {
    CHECK(client.Exchange("GET / HT").status == 408);
    CHECK(client.ReadsEnd());
  }
  SECTION("in the body") {
    CHECK(client.Exchange("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab").status ==
          408);
    CHECK(client.ReadsEnd());
  }
  SECTION("before anything") { CHECK(client.ReadsEnd()); }
  SECTION("between requests") {
    CHECK(client.Exchange(Get("/")).status == 200);
    CHECK(client.ReadsEnd());
  }
}

TEST_CASE("what can be read in two ways, or not at all, is refused", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  const std::string request = GENERATE(
      as<std::string>{},
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: "
      "3\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
      "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "GET / HTTP/1.1\r\nhost : x\r\n\r\n",
      "GET / HTTP/3.0\r\nhost: x\r\n\r\n", "GET  /\r\n\r\n",
      "\x16\x03\x01\x02\x00 tls hello \r\n\r\n", "GET /a/../b HTTP/1.1\r\nhost: x\r\n\r\n",
      "GET /%2e%2e/b HTTP/1.1\r\nhost: x\r\n\r\n", "GET /%00 HTTP/1.1\r\nhost: x\r\n\r\n",
      "GET /a%zz HTTP/1.1\r\nhost: x\r\n\r\n", "CONNECT host:443 HTTP/1.1\r\nhost: x\r\n\r\n");
  INFO(request);
  client.Send(request);
  const int status = client.Read().status;
  CHECK((status == 400 || status == 413));
  CHECK(client.ReadsEnd());
}

TEST_CASE("HEAD is GET without the body", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  const std::string target = GENERATE("/file", "/stream?length=1");
  HttpAnswer whole = client.Exchange(Get(target));
  HttpAnswer head =
      client.Exchange(fmt::format("HEAD {} HTTP/1.1\r\nhost: x\r\n\r\n", target), true);
  for (const char* varying : {"x-request-id", "date"}) {
    whole.headers.erase(varying);
    head.headers.erase(varying);
  }
  CHECK(head.headers == whole.headers);
  CHECK(client.Exchange(Get("/next")).status == 200);
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  SECTION("1.0") { client.Send("GET /stream HTTP/1.0\r\n\r\n"); }
  SECTION("close") { client.Send(Get("/stream", "connection: close\r\n")); }
  const HttpAnswer answer = client.Read();
  CHECK(answer.body == "piece;piece;piece;");
  CHECK(answer.Header("connection") == "close");
  CHECK(client.ReadsEnd());
}

TEST_CASE("a file is sent whole and in parts", "[unit][http]") {
  Fixture fixture;
  const std::string bytes = FileBytes();
  RawHttp client(fixture.port());
  const HttpAnswer whole = client.Exchange(Get("/file"));
  CHECK(whole.Header("content-length") == std::to_string(kFileSize));
  CHECK((whole.body == bytes));
  const auto [range, first, length] = GENERATE(table<std::string, std::size_t, std::size_t>({
      {"0-0", 0, 1},
      {"100-99999", 100, 99900},
      {"-1000000", kFileSize - 1000000, 1000000},
      {"1048577-", 1048577, kFileSize - 1048577},
  }));
  const HttpAnswer part = client.Exchange(Get("/file", "range: bytes=" + range + "\r\n"));
  CHECK(part.status == 206);
  CHECK((part.body == bytes.substr(first, length)));
  CHECK(client.Exchange(Get("/file", "range: bytes=9999999-\r\n")).status == 416);
  CHECK(client.Exchange(Get("/file", "if-none-match: \"tag\"\r\n")).status == 304);
  CHECK(client.Exchange(Get("/next")).status == 200);
}

TEST_CASE("a client that leaves in the middle of a file harms nobody", "[unit][http]") {
  Fixture fixture;
  for (int i = 0; i < 5; ++i) {
    RawHttp client(fixture.port());
    client.Send(Get("/file") + Get("/file"));
  }
  RawHttp client(fixture.port());
  CHECK((client.Exchange(Get("/file")).body == FileBytes()));
}

TEST_CASE("a stream is chunked, or has its length", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  const HttpAnswer chunked = client.Exchange(Get("/stream"));
  CHECK(chunked.body == "piece;piece;piece;");
  CHECK(chunked.Header("transfer-encoding") == "chunked");
  const HttpAnswer counted = client.Exchange(Get("/stream?length=1"));
  CHECK(counted.body == "piece;piece;piece;");
  CHECK(counted.Header("content-length") == "18");
}

TEST_CASE("a handler can close the connection without an answer", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  CHECK(client.Exchange(Get("/first")).status == 200);
  client.Send(Get("/drop"));
  CHECK(client.ReadsEnd());
}

TEST_CASE("statuses without a body have none", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  const HttpAnswer answer = client.Exchange(Get("/nothing"));
  CHECK(answer.status == 204);
  CHECK(answer.Header("content-length").empty());
  CHECK(client.Exchange(Get("/next")).status == 200);
}

TEST_CASE("an exception of a handler is a 500 and the connection goes on", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  CHECK(client.Exchange(Get("/throw")).status == 500);
  CHECK(client.Exchange(Get("/next")).status == 200);
}

TEST_CASE("a header value cannot begin another header", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  const HttpAnswer answer = client.Exchange(Get("/inject"));
  CHECK(answer.Header("x-test") == "a  x-evil: 1");
  CHECK(answer.Header("x-evil").empty());
}

TEST_CASE("request id, trace and deadline come from the client where sound", "[unit][http]") {
  Fixture fixture;
  RawHttp client(fixture.port());
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const HttpAnswer ours =
      client.Exchange(Get("/context", "x-request-id: my-id_1.2\r\ntraceparent: " + trace +
                                          "\r\nx-request-timeout-ms: 1000\r\n"));
  CHECK(ours.Header("x-request-id") == "my-id_1.2");
  CHECK(ours.body.starts_with("my-id_1.2 " + trace + " "));
  CHECK(std::stoi(ours.body.substr(ours.body.rfind(' '))) <= 1000);

  const std::string bad_id = GENERATE(as<std::string>{}, "a b", "a\"b", std::string(65, 'a'), "é");
  const HttpAnswer other = client.Exchange(
      Get("/context", "x-request-id: " + bad_id +
                          "\r\ntraceparent: 00-0\r\nx-request-timeout-ms: 99999999999999\r\n"));
  CHECK(other.Header("x-request-id").starts_with("req_"));
  CHECK(other.body.find(" 00-") != std::string::npos);
  CHECK(std::stoi(other.body.substr(other.body.rfind(' '))) > 1000);
}

TEST_CASE("past the limit the connection idle for longest is dropped", "[unit][http]") {
  Fixture fixture({.max_connections = 2});
  RawHttp first(fixture.port());
  RawHttp second(fixture.port());
  RawHttp third(fixture.port());
  CHECK(first.ReadsEnd());
  CHECK(second.Exchange(Get("/")).status == 200);
  CHECK(third.Exchange(Get("/")).status == 200);
}

TEST_CASE("stopping lets requests end and closes idle connections", "[unit][http]") {
  Fixture fixture;
  RawHttp idle(fixture.port());
  CHECK(idle.Exchange(Get("/")).status == 200);
  RawHttp busy(fixture.port());
  busy.Send(Get("/slow"));
  fixture.entered.get_future().wait();
  std::thread stopper([&] { fixture.server->Stop(std::chrono::seconds(10)); });
  CHECK(idle.ReadsEnd());
  const HttpAnswer answer = busy.Read();
  CHECK(answer.body == "slow");
  CHECK(answer.Header("connection") == "close");
  CHECK(busy.ReadsEnd());
  stopper.join();
  CHECK_THROWS(RawHttp(fixture.port()).Exchange(Get("/")));
}

TEST_CASE("stopping cuts what does not end in time", "[unit][http]") {
  Fixture fixture;
  RawHttp stuck(fixture.port());
  stuck.Send(Get("/stuck"));
  fixture.entered.get_future().wait();
  fixture.server->Stop(std::chrono::milliseconds(10));
  CHECK(stuck.ReadsEnd());
}

TEST_CASE("an address that is taken is an error", "[unit][http]") {
  Fixture fixture;
  const auto second = Server::Start({.port = fixture.port()}, nullptr, nullptr, nullptr);
  CHECK_FAILS(second, absl::StatusCode::kUnavailable, "cannot_listen");
}

}  // namespace
}  // namespace mediarouter::http
