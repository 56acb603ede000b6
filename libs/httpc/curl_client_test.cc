#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <latch>

#include "httpc/http_client.h"
#include "support/raw_server.h"
#include "support/run_awaitable.h"
#include "support/status_matchers.h"

namespace mediarouter::httpc {
namespace {

using absl::StatusCode;
using boost::asio::awaitable;
using testing::RawConnection;
using testing::RawServer;
using testing::RunAwaitable;
using namespace std::chrono_literals;

HttpRequest Trusted(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.trusted_host = true;
  request.timeout = 5s;
  return request;
}

absl::StatusOr<HttpResponse> Send(HttpClient& client, HttpRequest request) {
  return RunAwaitable(client.Send(std::move(request)));
}

// A port where nobody listens.
int DeadPort() {
  const RawServer server([](RawConnection&) {});
  return server.port();
}

TEST_CASE("a request goes out as given and its answer comes back", "[httpc]") {
  std::string seen;
  RawServer server([&](RawConnection& connection) {
    seen = connection.ReadRequest();
    connection.Respond(201, "done", "X-Thing:  a b \r\n");
  });
  const auto client = MakeCurlClient();
  HttpRequest request = Trusted(server.Url("/v1/videos?x=1"));
  request.method = "POST";
  request.body = "{\"a\":1}";
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  const auto response = Send(*client, request);
  REQUIRE_OK(response);
  CHECK(response->status == 201);
  CHECK(response->body == "done");
  CHECK(response->Header("x-thing") == "a b");
  CHECK_FALSE(response->Header("x-other"));
  CHECK(seen.starts_with("POST /v1/videos?x=1 HTTP/1.1\r\n"));
  CHECK(seen.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(seen.find("X-Empty:") != std::string::npos);
  CHECK(seen.find("Accept-Encoding") == std::string::npos);
  CHECK(seen.find("Expect") == std::string::npos);
  CHECK(seen.ends_with("\r\n\r\n{\"a\":1}"));
}

TEST_CASE("connections are kept, but for a paid create", "[httpc]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) connection.Respond(200, "ok");
  });
  const auto client = MakeCurlClient();
  for (int i = 0; i < 3; ++i) CHECK_OK(Send(*client, Trusted(server.Url("/"))));
  CHECK(server.connections() == 1);
  HttpRequest create = Trusted(server.Url("/"));
  create.method = "POST";
  create.send_once = true;
  CHECK_OK(Send(*client, create));
  CHECK_OK(Send(*client, create));
  CHECK(server.connections() == 3);
}

TEST_CASE("a paid create that dies unanswered is sent once", "[httpc]") {
  std::atomic<int> requests = 0;
  std::atomic<int> posts = 0;
  // Answers the first request of a connection, drops it on the next POST.
  RawServer server([&](RawConnection& connection) {
    for (std::string request; !(request = connection.ReadRequest()).empty();) {
      ++requests;
      if (request.starts_with("POST")) {
        ++posts;
        return;
      }
      connection.Respond(200, "ok");
    }
  });
  const auto client = MakeCurlClient();
  CHECK_OK(Send(*client, Trusted(server.Url("/"))));
  HttpRequest create = Trusted(server.Url("/videos"));
  create.method = "POST";
  create.body = "{}";
  create.send_once = true;
  CHECK_FAILS(Send(*client, create), StatusCode::kUnavailable, "no_answer");
  CHECK(posts == 1);
  CHECK(requests == 2);
}

TEST_CASE("what never left is told apart from what has no answer", "[httpc]") {
  const auto client = MakeCurlClient();
  SECTION("refused port") {
    CHECK_FAILS(Send(*client, Trusted("http://127.0.0.1:" + std::to_string(DeadPort()) + "/")),
                StatusCode::kUnavailable, "not_sent");
  }
  SECTION("unknown name") {
    CHECK_FAILS(Send(*client, Trusted("http://nothing.invalid/")), StatusCode::kUnavailable,
                "not_sent");
  }
  SECTION("TLS fails") {
    RawServer server([](RawConnection& connection) { connection.Write("not TLS at all\r\n"); });
    CHECK_FAILS(Send(*client, Trusted("https://127.0.0.1:" + std::to_string(server.port()) + "/")),
                StatusCode::kUnavailable, "not_sent");
  }
  SECTION("closed before the answer") {
    RawServer server([](RawConnection& connection) { connection.ReadRequest(); });
    CHECK_FAILS(Send(*client, Trusted(server.Url("/"))), StatusCode::kUnavailable, "no_answer");
  }
  SECTION("accepted and closed at once: nobody knows what was read") {
    RawServer server([](RawConnection&) {});
    CHECK_FAILS(Send(*client, Trusted(server.Url("/"))), StatusCode::kUnavailable, "no_answer");
  }
  SECTION("answers that are no HTTP/1, to a request that was read") {
    const std::string answer = GENERATE("garbled\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n");
    RawServer server([&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(answer);
    });
    CHECK_FAILS(Send(*client, Trusted(server.Url("/"))), StatusCode::kUnavailable, "no_answer");
  }
  SECTION("answer cut in its body") {
    RawServer server([](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    CHECK_FAILS(Send(*client, Trusted(server.Url("/"))), StatusCode::kUnavailable, "no_answer");
  }
  SECTION("silence") {
    RawServer server([](RawConnection& connection) { connection.AwaitClose(); });
    HttpRequest request = Trusted(server.Url("/"));
    request.timeout = 100ms;
    CHECK_FAILS(Send(*client, request), StatusCode::kDeadlineExceeded, "no_answer");
  }
}

TEST_CASE("an answer may be too large", "[httpc]") {
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Respond(200, std::string(100'000, 'x'));
  });
  const auto client = MakeCurlClient();
  HttpRequest request = Trusted(server.Url("/"));
  request.max_body_bytes = 99'999;
  CHECK_FAILS(Send(*client, request), StatusCode::kResourceExhausted, "answer_too_large");
  request.max_body_bytes = 100'000;
  CHECK_OK(Send(*client, request));
}

TEST_CASE("redirects are handed back, not followed", "[httpc]") {
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Respond(302, "", "Location: /elsewhere\r\n");
  });
  const auto client = MakeCurlClient();
  const auto response = Send(*client, Trusted(server.Url("/")));
  REQUIRE_OK(response);
  CHECK(response->status == 302);
  CHECK(response->Header("location") == "/elsewhere");
  CHECK(server.connections() == 1);
}

TEST_CASE("requests that nobody could send are refused", "[httpc]") {
  const auto client = MakeCurlClient();
  for (const char* url : {"", "videos", "ftp://example.com/", "file:///etc/passwd",
                          "http://user:secret@example.com/"}) {
    CAPTURE(url);
    CHECK_FAILS(Send(*client, Trusted(url)), StatusCode::kInvalidArgument, "invalid_url");
  }
  HttpRequest request = Trusted("http://127.0.0.1/");
  request.headers = {{"Authorization", "Bearer a\r\nX-Injected: 1"}};
  CHECK_FAILS(Send(*client, request), StatusCode::kInvalidArgument, "invalid_header");
}

TEST_CASE("private addresses need trust, even over a kept connection", "[httpc][guard]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) connection.Respond(200, "ok");
  });
  const auto client = MakeCurlClient();
  HttpRequest request = Trusted(server.Url("/"));
  request.trusted_host = false;
  CHECK_FAILS(Send(*client, request), StatusCode::kUnavailable, "not_sent");
  CHECK(server.connections() == 0);
  CHECK_OK(Send(*client, Trusted(server.Url("/"))));
  CHECK_FAILS(Send(*client, request), StatusCode::kUnavailable, "not_sent");
  request.url = "http://localhost:" + std::to_string(server.port()) + "/";
  CHECK_FAILS(Send(*client, request), StatusCode::kUnavailable, "not_sent");
}

TEST_CASE("more requests than connections all get their answer", "[httpc]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) connection.Respond(200, "ok");
  });
  const auto client = MakeCurlClient();
  boost::asio::io_context io;
  int answered = 0;
  auto one = [&]() -> awaitable<void> {
    const auto response = co_await client->Send(Trusted(server.Url("/")));
    if (response.ok() && response->status == 200) ++answered;
  };
  for (int i = 0; i < 1'000; ++i) boost::asio::co_spawn(io, one, boost::asio::detached);
  io.run();
  CHECK(answered == 1'000);
  CHECK(server.connections() <= 64);
}

TEST_CASE("Stop ends what is under way", "[httpc]") {
  std::latch arrived(1);
  RawServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    arrived.count_down();
    connection.AwaitClose();
  });
  const auto client = MakeCurlClient();
  std::thread stopper([&] {
    arrived.wait();
    client->Stop();
  });
  CHECK_FAILS(Send(*client, Trusted(server.Url("/"))), StatusCode::kUnavailable, "no_answer");
  stopper.join();
  CHECK_FAILS(Send(*client, Trusted(server.Url("/"))), StatusCode::kUnavailable, "not_sent");
}

// Reads all of a download; its size, or how it failed.
awaitable<absl::StatusOr<std::uint64_t>> Drain(HttpClient& client, HttpRequest request) {
  auto download = co_await client.Open(std::move(request));
  if (!download.ok()) co_return download.status();
  if ((*download)->Head().status != 200) co_return base::Internal("bad_status", "not 200");
  std::uint64_t size = 0;
  while (true) {
    auto chunk = co_await (*download)->Read();
    if (!chunk.ok()) co_return chunk.status();
    if (chunk->empty()) co_return size;
    size += chunk->size();
  }
}

TEST_CASE("a download is read to its end", "[httpc][download]") {
  const auto client = MakeCurlClient();
  SECTION("with a length") {
    RawServer server([](RawConnection& connection) {
      connection.ReadRequest();
      connection.Respond(200, std::string(3'000'000, 'x'));
    });
    const auto size = RunAwaitable(Drain(*client, Trusted(server.Url("/"))));
    REQUIRE_OK(size);
    CHECK(*size == 3'000'000);
  }
  SECTION("in chunks of the protocol") {
    RawServer server([](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n");
      connection.AwaitClose();
    });
    const auto size = RunAwaitable(Drain(*client, Trusted(server.Url("/"))));
    REQUIRE_OK(size);
    CHECK(*size == 4);
  }
  SECTION("empty") {
    RawServer server([](RawConnection& connection) {
      connection.ReadRequest();
      connection.Respond(200, "");
    });
    const auto size = RunAwaitable(Drain(*client, Trusted(server.Url("/"))));
    REQUIRE_OK(size);
    CHECK(*size == 0);
  }
}

TEST_CASE("a download that ends early says so", "[httpc][download]") {
  const auto client = MakeCurlClient();
  SECTION("truncated") {
    RawServer server([](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
    });
    CHECK_FAILS(RunAwaitable(Drain(*client, Trusted(server.Url("/")))), StatusCode::kDataLoss,
                "truncated");
  }
  SECTION("truncated in chunks") {
    RawServer server([](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n");
    });
    CHECK_FAILS(RunAwaitable(Drain(*client, Trusted(server.Url("/")))), StatusCode::kDataLoss,
                "truncated");
  }
  SECTION("stalled") {
    RawServer server([](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
      connection.AwaitClose();
    });
    HttpRequest request = Trusted(server.Url("/"));
    request.stall_timeout = 100ms;
    CHECK_FAILS(RunAwaitable(Drain(*client, request)), StatusCode::kDeadlineExceeded, "stalled");
  }
  SECTION("no head in time") {
    RawServer server([](RawConnection& connection) { connection.AwaitClose(); });
    HttpRequest request = Trusted(server.Url("/"));
    request.timeout = 100ms;
    CHECK_FAILS(RunAwaitable(Drain(*client, request)), StatusCode::kDeadlineExceeded, "no_answer");
  }
  SECTION("refused") {
    CHECK_FAILS(
        RunAwaitable(Drain(*client, Trusted("http://127.0.0.1:" + std::to_string(DeadPort())))),
        StatusCode::kUnavailable, "not_sent");
  }
}

long ResidentKiB() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

TEST_CASE("a slow reader lets the transfer pause and memory stays flat", "[httpc][download]") {
  constexpr std::uint64_t kSize = 200 * 1024 * 1024;
  std::atomic<std::uint64_t> sent = 0;
  RawServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    const std::string block(1024 * 1024, 'x');
    for (std::uint64_t done = 0; done < kSize; done += block.size()) {
      if (!connection.Write(block)) return;
      sent += block.size();
    }
  });
  const auto client = MakeCurlClient();
  HttpRequest request = Trusted(server.Url("/"));
  request.stall_timeout = 300ms;  // shorter than the pause below: a pause is no stall
  const long before = ResidentKiB();
  long most = 0;
  std::uint64_t sent_while_paused = 0;
  auto read = [&]() -> awaitable<absl::StatusOr<std::uint64_t>> {
    auto download = co_await client->Open(request);
    if (!download.ok()) co_return download.status();
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 700ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
    sent_while_paused = sent;
    std::uint64_t size = 0;
    while (true) {
      auto chunk = co_await (*download)->Read();
      if (!chunk.ok()) co_return chunk.status();
      if (chunk->empty()) co_return size;
      size += chunk->size();
      most = std::max(most, ResidentKiB() - before);
    }
  };
  const auto size = RunAwaitable(read());
  REQUIRE_OK(size);
  CHECK(*size == kSize);
  CHECK(sent_while_paused < 32 * 1024 * 1024);  // what the sockets' buffers hold
#ifndef __SANITIZE_ADDRESS__                    // which keeps freed memory for a while
  CHECK(most < 16 * 1024);
#endif
}

TEST_CASE("dropping a download ends its transfer", "[httpc][download]") {
  std::latch closed(1);
  RawServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
    connection.AwaitClose();
    closed.count_down();
  });
  const auto client = MakeCurlClient();
  auto download = RunAwaitable(client->Open(Trusted(server.Url("/"))));
  REQUIRE_OK(download);
  download->reset();
  closed.wait();
}

}  // namespace
}  // namespace mediarouter::httpc
