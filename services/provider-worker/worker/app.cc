#include "worker/app.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "base/status_macros.h"
#include "base/thread_pool.h"
#include "obs/log.h"
#include "rpc/server.h"
#include "service/run_service.h"
#include "service/settings.h"
#include "worker/grpc_provider_service.h"
#include "worker/runner.h"

namespace mediarouter::worker {
namespace {

constexpr std::size_t kThreads = 8;  // each waits for one key check
constexpr std::size_t kQueue = 64;
constexpr std::chrono::milliseconds kIdleCheck{20};

}  // namespace

// In the order of their dependencies: destroyed in the opposite one.
struct App::Parts {
  Parts(const Config& config, providers::Registry loaded, const Channels& channels)
      : registry(std::move(loaded)),
        client(httpc::MakeCurlClient()),
        work(boost::asio::make_work_guard(io)),
        runner(io.get_executor(), config.runner, registry, *client, channels),
        pool("key-checks", kThreads, kQueue),
        service(io.get_executor(), pool, registry, *client, channels.vault) {}

  // Runs `task` on the worker's thread and waits for its result.
  template <typename Task>
  auto OnThread(Task task) {
    std::packaged_task<decltype(task())()> packaged(std::move(task));
    auto result = packaged.get_future();
    boost::asio::post(io, std::move(packaged));
    return result.get();
  }

  bool WaitIdle(std::chrono::steady_clock::time_point until) {
    while (!OnThread([this] { return runner.idle(); })) {
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(kIdleCheck);
    }
    return true;
  }

  const providers::Registry registry;
  boost::asio::io_context io{1};
  const std::unique_ptr<httpc::HttpClient> client;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  Runner runner;
  base::ThreadPool pool;
  GrpcProviderService service;
  std::unique_ptr<rpc::Server> server;
  std::thread thread;
};

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<App>> App::Start(const Config& config, const Channels& channels) {
  MR_ASSIGN_OR_RETURN(providers::Registry registry, providers::Registry::Create(config.endpoints));
  auto parts = std::make_unique<Parts>(config, std::move(registry), channels);
  MR_ASSIGN_OR_RETURN(parts->server, rpc::Server::Start({&parts->service}, config.listen));
  parts->thread = std::thread([&io = parts->io] { io.run(); });
  pthread_setname_np(parts->thread.native_handle(), "worker");
  boost::asio::post(parts->io, [&runner = parts->runner] { runner.Start(); });
  return std::unique_ptr<App>(new App(std::move(parts)));
}

std::shared_ptr<grpc::Channel> App::channel() { return parts_->server->InProcessChannel(); }

void App::Stop(std::chrono::milliseconds drain) {
  Parts& parts = *parts_;
  if (!parts.thread.joinable()) return;
  const auto until = std::chrono::steady_clock::now() + drain;
  parts.OnThread([&parts] { parts.runner.Stop(); });
  if (!parts.WaitIdle(until)) {
    obs::Log(obs::Level::kWarn, "breaking off what is still under way");
    parts.OnThread([&parts] { parts.runner.Abort(); });
  }
  parts.client->Stop();
  parts.server->Stop(std::chrono::milliseconds(0));
  parts.pool.Shutdown();
  // Every call that is left has a deadline or was cancelled.
  parts.WaitIdle(std::chrono::steady_clock::time_point::max());
  parts.work.reset();
  parts.thread.join();
}

absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown) {
  MR_ASSIGN_OR_RETURN(Config config, Config::FromEnv(env));
  base::ConfigReader read(env);
  config.listen = service::ListenAddress("provider-worker", read);
  const Channels channels{rpc::MakeChannel(read.Text(service::kOrchestratorAddress)),
                          rpc::MakeChannel(read.Text(service::kKeyVaultAddress)),
                          rpc::MakeChannel(read.Text(service::kMediaStoreAddress))};
  MR_RETURN_IF_ERROR(read.Finish());
  MR_ASSIGN_OR_RETURN(const auto app, App::Start(config, channels));
  shutdown.Wait();
  obs::Log(obs::Level::kInfo, "stopping");
  app->Stop(config.drain);
  obs::Log(obs::Level::kInfo, "stopped");
  return absl::OkStatus();
}

}  // namespace mediarouter::worker
