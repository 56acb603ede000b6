#include "media/app.h"

#include "base/status_macros.h"
#include "base/thread_pool.h"
#include "media/asset_repository.h"
#include "media/asset_service.h"
#include "media/grpc_media_service.h"
#include "media/idle_watch.h"
#include "media/sweeper.h"
#include "media/video_probe.h"
#include "media/volume_blob_store.h"
#include "obs/log.h"
#include "pg/pool.h"
#include "rpc/server.h"
#include "service/run_service.h"
#include "service/settings.h"

extern const char kMediaMigration0001[];

namespace mediarouter::media {
namespace {

constexpr char kName[] = "media-store";
constexpr std::size_t kThreads = 8;
constexpr std::size_t kQueueLimit = 1024;

pg::PoolConfig PoolConfigOf(const Config& config) {
  pg::PoolConfig pool;
  pool.url = config.database_url;
  pool.application_name = "mediarouter-media-store";
  pool.schema = kSchema;
  pool.size = config.database_pool_size;
  return pool;
}

}  // namespace

std::span<const pg::Migration> Migrations() {
  static const pg::Migration kAll[] = {{1, "0001_init", kMediaMigration0001}};
  return kAll;
}

struct App::Parts {
  Parts(const Config& config, const base::Clock& clock, std::unique_ptr<BlobStore> volume)
      : blobs(std::move(volume)),
        probe(config.probe_program),
        pg(PoolConfigOf(config)),
        assets(pg, clock),
        service({assets, *blobs, probe, clock, config.longest_ingest}),
        idle(config.idle_limit),
        slots(config.ingest_concurrency),
        pool("media", kThreads, kQueueLimit),
        // A thread for each ingest that has a slot: a probe may take its time, and no other waits.
        ingest_pool("media-ingest", static_cast<std::size_t>(config.ingest_concurrency),
                    kQueueLimit),
        dispatcher(kName, pool),
        ingest_dispatcher(kName, ingest_pool),
        grpc(service, dispatcher, {service, ingest_dispatcher, idle, slots}),
        sweeper(assets, *blobs, clock, config.longest_ingest) {}

  std::unique_ptr<BlobStore> blobs;
  VideoProbe probe;
  pg::Pool pg;
  AssetRepository assets;
  AssetService service;
  IdleWatch idle;
  Slots slots;
  base::ThreadPool pool;
  base::ThreadPool ingest_pool;
  rpc::Dispatcher dispatcher;
  rpc::Dispatcher ingest_dispatcher;
  GrpcMediaService grpc;
  Sweeper sweeper;
  std::unique_ptr<rpc::Server> server;
};

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<App>> App::Start(const Config& config, const base::Clock& clock) {
  MR_ASSIGN_OR_RETURN(
      std::unique_ptr<BlobStore> blobs,
      VolumeBlobStore::Open(config.storage_path, {config.min_free_bytes, config.min_free_percent}));
  MR_RETURN_IF_ERROR(
      pg::CheckSchema(config.database_url, kSchema, kMinCompatibleSchema, config.schema_patience));
  auto parts = std::make_unique<Parts>(config, clock, std::move(blobs));
  MR_RETURN_IF_ERROR(parts->probe.SelfTest());
  MR_ASSIGN_OR_RETURN(parts->server, rpc::Server::Start({&parts->grpc}, config.listen));
  parts->sweeper.Start(config.sweep_interval);
  return std::unique_ptr<App>(new App(std::move(parts)));
}

std::shared_ptr<grpc::Channel> App::channel() { return parts_->server->InProcessChannel(); }

void App::Stop(std::chrono::milliseconds drain) {
  parts_->server->Stop(drain);
  parts_->sweeper.Stop();
  parts_->pool.Shutdown();
  parts_->ingest_pool.Shutdown();
}

void App::Sweep() { parts_->sweeper.Sweep(parts_->blobs->shelves()); }

absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown) {
  MR_ASSIGN_OR_RETURN(Config config, Config::FromEnv(env));
  base::ConfigReader read(env);
  config.listen = service::ListenAddress(kName, read);
  const std::chrono::milliseconds drain = read.Seconds(service::kDrainSeconds);
  MR_RETURN_IF_ERROR(read.Finish());
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, App::Start(config));
  obs::Log(obs::Level::kInfo, "ready", {{"listen", config.listen}});
  shutdown.Wait();
  obs::Log(obs::Level::kInfo, "draining");
  app->Stop(drain);
  return absl::OkStatus();
}

}  // namespace mediarouter::media
