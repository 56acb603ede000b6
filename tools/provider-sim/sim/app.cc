#include "sim/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <thread>
#include <utility>

#include "base/status_macros.h"
#include "http/router.h"
#include "http/server.h"
#include "sim/control.h"
#include "sim/protocols/openai.h"
#include "sim/protocols/openai_codec.h"
#include "sim/simulator.h"

namespace mediarouter::sim {
namespace {

using Answer = boost::asio::awaitable<http::Response>;

constexpr std::uint64_t kClipBytes = 256ULL << 20;
constexpr std::size_t kConnections = 20'000;
constexpr std::chrono::milliseconds kDrain{500};

// Half the machine: whoever tests with the simulator needs the rest.
std::size_t RenderThreads() { return std::max(1U, std::thread::hardware_concurrency() / 2); }

http::Response Refuse(http::Refusal refusal, const std::string&) {
  switch (refusal) {
    case http::Refusal::kBadRequest:
      return openai::ErrorOfStatus(400, "We could not parse your request.");
    case http::Refusal::kRequestTimeout:
      return openai::ErrorOfStatus(408, "The request took too long to arrive.");
    case http::Refusal::kPayloadTooLarge:
      return openai::ErrorOfStatus(413, "The request body is too large.");
    case http::Refusal::kHeaderTooLarge:
      return openai::ErrorOfStatus(431, "The request headers are too large.");
  }
  return openai::ErrorOfStatus(400, "We could not parse your request.");
}

http::Response Failed(const std::string&) {
  return openai::ErrorOfStatus(500, "The server had an error while processing your request.");
}

}  // namespace

struct App::Impl {
  Impl(const Config& config, const base::Clock& clock, std::unique_ptr<JobStore> jobs)
      : simulator{.clock = clock,
                  .jobs = std::move(jobs),
                  .clips{RenderThreads(), kClipBytes},
                  .api_keys = config.api_keys,
                  .standard_render = config.render} {
    AddControlRoutes(router, simulator);
    openai::AddRoutes(router, simulator);
  }

  Answer Handle(http::Request& request) {
    http::Router::Match match = router.Find(request.method, request.path);
    request.route = match.route;
    if (match.handler == nullptr) {
      const bool known = !match.allowed.empty();
      const std::string text =
          known ? fmt::format("Method {} is not allowed here.", request.method)
                : fmt::format("Invalid URL ({} {})", request.method, request.path.substr(0, 200));
      co_return openai::ErrorOfStatus(known ? 405 : 404, text);
    }
    request.params = std::move(match.params);
    co_return co_await (*match.handler)(request);
  }

  Simulator simulator;
  http::Router router;
  std::unique_ptr<http::Server> server;
};

absl::StatusOr<std::unique_ptr<App>> App::Start(const Config& config, const base::Clock& clock) {
  MR_ASSIGN_OR_RETURN(auto jobs, JobStore::Open(config.state_dir));
  auto impl = std::make_unique<Impl>(config, clock, std::move(jobs));
  http::ServerConfig server;
  server.host = config.host;
  server.port = config.port;
  server.max_connections = kConnections;
  Impl* const raw = impl.get();
  MR_ASSIGN_OR_RETURN(
      impl->server,
      http::Server::Start(
          server, [raw](http::Request& request) { return raw->Handle(request); }, Refuse, Failed));
  return std::unique_ptr<App>(new App(std::move(impl)));
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

App::~App() { Stop(); }

int App::port() const { return impl_->server->port(); }

void App::Stop() {
  impl_->simulator.clips.Stop();  // ends the handlers that wait for a clip
  impl_->server->Stop(kDrain);
}

}  // namespace mediarouter::sim
