#include "gateway/app.h"

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "gateway/auth.h"
#include "gateway/cors.h"
#include "gateway/error_response.h"
#include "gateway/front.h"
#include "gateway/routes/generations.h"
#include "gateway/routes/keys.h"
#include "gateway/routes/providers.h"
#include "gateway/routes/system.h"
#include "gateway/routes/usage.h"
#include "gateway/routes/videos.h"
#include "gateway/signed_link.h"
#include "http/server.h"
#include "obs/log.h"
#include "rpc/server.h"
#include "service/settings.h"

namespace mediarouter::gateway {

struct App::Parts {
  Parts(const Config& config, const Channels& channels)
      : backends(channels),
        authenticator(backends, base::SystemClock()),
        links(config.secret_key, config.public_url, base::SystemClock()),
        front(authenticator, Cors(config.cors_origins)),
        system(backends, base::SystemClock()),
        generations(backends, links),
        keys(backends),
        providers(backends),
        usage(backends),
        videos(backends, authenticator, links, config.storage_path) {
    system.AddTo(front);
    generations.AddTo(front);
    keys.AddTo(front);
    providers.AddTo(front);
    usage.AddTo(front);
    videos.AddTo(front);
  }

  Backends backends;
  Authenticator authenticator;
  SignedLinks links;
  Front front;
  SystemRoutes system;
  GenerationRoutes generations;
  KeyRoutes keys;
  ProviderRoutes providers;
  UsageRoutes usage;
  VideoRoutes videos;
  std::unique_ptr<http::Server> server;  // last: its handlers use all of the above
};

absl::StatusOr<std::unique_ptr<App>> App::Start(const Config& config, const Channels& channels) {
  auto parts = std::make_unique<Parts>(config, channels);
  http::ServerConfig server;
  server.host = config.host;
  server.port = config.port;
  server.threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 8);
  MR_ASSIGN_OR_RETURN(
      parts->server,
      http::Server::Start(
          server,
          [front = &parts->front](http::Request& request) { return front->Handle(request); },
          RefusalResponse,
          [](const std::string& request_id) {
            base::CallContext context;
            context.request_id = request_id;
            return ErrorResponse(base::Internal("handler_threw", "see the log line before"),
                                 context);
          }));
  obs::Log(obs::Level::kInfo, "the gateway listens",
           {{"host", config.host}, {"port", parts->server->port()}});
  return std::unique_ptr<App>(new App(std::move(parts)));
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() { Stop(std::chrono::milliseconds(0)); }

int App::port() const { return parts_->server->port(); }

std::vector<std::string> App::Routes() const { return parts_->front.Routes(); }

void App::Stop(std::chrono::milliseconds drain) { parts_->server->Stop(drain); }

absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown) {
  MR_ASSIGN_OR_RETURN(const Config config, Config::FromEnv(env));
  base::ConfigReader read(env);
  const Channels channels{rpc::MakeChannel(read.Text(service::kKeyVaultAddress)),
                          rpc::MakeChannel(read.Text(service::kOrchestratorAddress)),
                          rpc::MakeChannel(read.Text(service::kWorkerAddress)),
                          rpc::MakeChannel(read.Text(service::kMediaStoreAddress))};
  const std::chrono::milliseconds drain = read.Seconds(service::kDrainSeconds);
  MR_RETURN_IF_ERROR(read.Finish());
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, App::Start(config, channels));
  shutdown.Wait();
  app->Stop(drain);
  return absl::OkStatus();
}

}  // namespace mediarouter::gateway
