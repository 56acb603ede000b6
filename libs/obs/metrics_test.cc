#include "obs/metrics.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

namespace mediarouter::obs {
namespace {

bool Has(const std::string& text, const std::string& line) {
  return text.find(line) != std::string::npos;
}

// The whole answer to one request to a port of this machine.
std::string Fetch(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  REQUIRE(write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(fd, buffer, sizeof buffer)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return answer;
}

TEST_CASE("counters add up by their labels", "[unit][metrics]") {
  Count("test_things_total", "Things.", {{"kind", "a"}});
  Count("test_things_total", "Things.", {{"kind", "a"}}, 2);
  Count("test_things_total", "Things.", {{"kind", "b"}});
  const std::string text = RenderMetrics();
  CHECK(Has(text, "# HELP test_things_total Things."));
  CHECK(Has(text, "# TYPE test_things_total counter"));
  CHECK(Has(text, "test_things_total{kind=\"a\"} 3"));
  CHECK(Has(text, "test_things_total{kind=\"b\"} 1"));
}

TEST_CASE("a gauge has its last value", "[unit][metrics]") {
  SetGauge("test_level", "Level.", {}, 5);
  SetGauge("test_level", "Level.", {}, 4);
  CHECK(Has(RenderMetrics(), "test_level 4"));
}

TEST_CASE("times are counted in buckets", "[unit][metrics]") {
  ObserveSeconds("test_seconds", "Time.", {{"code", "OK"}}, 0.03);
  ObserveSeconds("test_seconds", "Time.", {{"code", "OK"}}, 1000);
  const std::string text = RenderMetrics();
  CHECK(Has(text, "test_seconds_count{code=\"OK\"} 2"));
  CHECK(Has(text, "test_seconds_bucket{code=\"OK\",le=\"0.025\"} 0"));
  CHECK(Has(text, "test_seconds_bucket{code=\"OK\",le=\"0.05\"} 1"));
  CHECK(Has(text, "test_seconds_bucket{code=\"OK\",le=\"+Inf\"} 2"));
}

TEST_CASE("metrics are served over HTTP", "[unit][metrics]") {
  Count("test_served_total", "Served.", {});
  const auto server = MetricsServer::Start("127.0.0.1:0");
  REQUIRE(server != nullptr);
  const std::string answer = Fetch(server->port(), "/metrics");
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(Has(answer, "test_served_total 1"));
}

TEST_CASE("an address that cannot be had is no failure", "[unit][metrics]") {
  const auto first = MetricsServer::Start("127.0.0.1:0");
  REQUIRE(first != nullptr);
  CHECK(MetricsServer::Start("127.0.0.1:" + std::to_string(first->port())) == nullptr);
  CHECK(MetricsServer::Start("nonsense") == nullptr);
}

}  // namespace
}  // namespace mediarouter::obs
