#include "generation/app.h"

#include "base/clock.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/thread_pool.h"
#include "generation/generation_repository.h"
#include "generation/generation_service.h"
#include "generation/grpc_catalog_service.h"
#include "generation/grpc_generation_service.h"
#include "generation/grpc_work_service.h"
#include "generation/housekeeper.h"
#include "generation/provider_keys.h"
#include "generation/rescuer.h"
#include "generation/work_repository.h"
#include "generation/work_service.h"
#include "generation/work_signal.h"
#include "obs/log.h"
#include "pg/pool.h"
#include "rpc/server.h"
#include "service/run_service.h"
#include "service/settings.h"

extern const char kOrchestratorMigration0001[];

namespace mediarouter::generation {
namespace {

constexpr std::chrono::minutes kSchemaPatience{1};
constexpr std::size_t kQueue = 4'096;
// Workers that wait at the same time.
constexpr std::size_t kWaitingThreads = 64;

pg::PoolConfig PoolConfig(const Config& config) {
  return {.url = config.database_url,
          .application_name = "mediarouter-generation-orchestrator",
          .schema = kSchema,
          .size = config.pool_size};
}

}  // namespace

// In the order of their dependencies: destroyed in the opposite one.
struct App::Parts {
  Parts(const Config& config, catalog::Catalog loaded, const Channels& channels)
      : catalog(std::move(loaded)),
        pool(PoolConfig(config)),
        keys(MakeVaultProviderKeys(channels.vault)),
        generations(pool),
        work_rows(pool, config.work.lease_term),
        generation_service(generations, catalog, *keys, signal),
        work_service(work_rows, *keys, signal, config.work),
        rescuer(pool, signal, config.work.lease_term, base::SystemClock()),
        housekeeper(pool, *keys, channels.media, config.revoked_key_calm, base::SystemClock()),
        // What runs here is at the database: more threads would only queue for a connection.
        threads("orchestrator", config.pool_size, kQueue),
        waiting("orch-waiting", kWaitingThreads, kWaitingThreads),
        grpc_generations(generation_service, threads),
        grpc_catalog(catalog, threads),
        grpc_work(work_service, threads, waiting) {}

  catalog::Catalog catalog;
  pg::Pool pool;
  WorkSignal signal;
  std::unique_ptr<ProviderKeys> keys;
  GenerationRepository generations;
  WorkRepository work_rows;
  GenerationService generation_service;
  WorkService work_service;
  Rescuer rescuer;
  Housekeeper housekeeper;
  base::ThreadPool threads;
  base::ThreadPool waiting;
  GrpcGenerationService grpc_generations;
  GrpcCatalogService grpc_catalog;
  GrpcWorkService grpc_work;
  std::unique_ptr<rpc::Server> server;
};

std::span<const pg::Migration> Migrations() {
  static const pg::Migration kAll[] = {{1, "0001_init", kOrchestratorMigration0001}};
  return kAll;
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<App>> App::Start(const Config& config, const Channels& channels) {
  MR_ASSIGN_OR_RETURN(catalog::Catalog catalog,
                      catalog::Catalog::Load(config.catalog_path, config.base_urls));
  MR_RETURN_IF_ERROR(pg::CheckSchema(config.database_url, kSchema,
                                     static_cast<int>(Migrations().size()), kSchemaPatience));
  auto parts = std::make_unique<Parts>(config, std::move(catalog), channels);
  if (config.exclusive_database) parts->rescuer.RescueAll();
  MR_ASSIGN_OR_RETURN(parts->server, rpc::Server::Start({&parts->grpc_generations,
                                                         &parts->grpc_catalog, &parts->grpc_work},
                                                        config.listen));
  parts->rescuer.Start();
  parts->housekeeper.Start();
  return std::unique_ptr<App>(new App(std::move(parts)));
}

std::shared_ptr<grpc::Channel> App::channel() { return parts_->server->InProcessChannel(); }

void App::Stop(std::chrono::milliseconds drain) {
  parts_->signal.Close();
  parts_->server->Stop(drain);
  parts_->rescuer.Stop();
  parts_->housekeeper.Stop();
  parts_->waiting.Shutdown();
  parts_->threads.Shutdown();
}

absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown) {
  MR_ASSIGN_OR_RETURN(Config config, Config::FromEnv(env));
  base::ConfigReader read(env);
  config.listen = service::ListenAddress("generation-orchestrator", read);
  const Channels channels{.vault = rpc::MakeChannel(read.Text(service::kKeyVaultAddress)),
                          .media = rpc::MakeChannel(read.Text(service::kMediaStoreAddress))};
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, App::Start(config, channels));
  obs::Log(obs::Level::kInfo, "serving", {{"address", config.listen}});
  shutdown.Wait();
  app->Stop(config.drain);
  return absl::OkStatus();
}

}  // namespace mediarouter::generation
