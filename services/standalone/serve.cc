#include "standalone/serve.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/status_macros.h"
#include "gateway/app.h"
#include "generation/app.h"
#include "media/app.h"
#include "obs/log.h"
#include "pg/embedded_server.h"
#include "service/run_service.h"
#include "service/settings.h"
#include "standalone/data_dir.h"
#include "standalone/demo_provider.h"
#include "standalone/migrate.h"
#include "vault/app.h"
#include "worker/app.h"

namespace mediarouter::standalone {
namespace {

namespace fs = std::filesystem;

bool Given(const base::Environment& env, const std::string& name) {
  for (const std::string& key : {name, name + "_FILE"}) {
    const auto found = env.find(key);
    if (found != env.end() && !found->second.empty()) return true;
  }
  return false;
}

// A secret that the operator did not set is made once and kept in the data folder. Returns whether
// it was made just now.
absl::StatusOr<bool> FillSecret(base::Environment& env, const fs::path& dir, const char* name,
                                const char* file, const char* prefix = "") {
  if (Given(env, name)) return false;
  MR_ASSIGN_OR_RETURN(const Kept kept, KeptSecret(dir, file, prefix));
  env[name] = std::string(kept.secret.Reveal());
  return kept.made;
}

void Print(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

}  // namespace

absl::Status Serve(base::Environment env, const ServeOptions& options, base::Shutdown& shutdown) {
  MR_ASSIGN_OR_RETURN(const fs::path dir, OpenDataDir(env));
  MR_RETURN_IF_ERROR(FillSecret(env, dir, "ENCRYPTION_KEY", "encryption.key").status());
  MR_RETURN_IF_ERROR(FillSecret(env, dir, "SECRET_KEY", "secret.key").status());
  // Kept before the vault hears of it: a start that is killed half way loses nobody's key.
  MR_ASSIGN_OR_RETURN(const bool first_start,
                      FillSecret(env, dir, "MEDIAROUTER_ADMIN_KEY", "admin.key", "mr_"));
  if (!Given(env, service::kStoragePath.name)) {
    env[service::kStoragePath.name] = (dir / "videos").string();
  }

  // Declared in the order in which they depend on each other: destroyed in the opposite one.
  std::unique_ptr<pg::EmbeddedServer> postgres;
  const bool private_database = !Given(env, service::kDatabaseUrl.name);
  if (private_database) {
    MR_ASSIGN_OR_RETURN(postgres, pg::EmbeddedServer::Start(dir.string()));
    env[service::kDatabaseUrl.name] = postgres->url();
  }
  base::ConfigReader read(env);
  MR_RETURN_IF_ERROR(MigrateAll(std::string(read.Secret(service::kDatabaseUrl).Reveal())));
  std::unique_ptr<DemoProvider> demo;
  if (options.demo) {
    MR_ASSIGN_OR_RETURN(demo, DemoProvider::Start(dir / "demo"));
    env[service::kDemoBaseUrl.name] = demo->base_url();
  }

  // All faults of the configuration before anything starts.
  MR_ASSIGN_OR_RETURN(const vault::Config vault_config, vault::Config::FromEnv(env));
  MR_ASSIGN_OR_RETURN(const media::Config media_config, media::Config::FromEnv(env));
  MR_ASSIGN_OR_RETURN(generation::Config generation_config, generation::Config::FromEnv(env));
  MR_ASSIGN_OR_RETURN(const worker::Config worker_config, worker::Config::FromEnv(env));
  MR_ASSIGN_OR_RETURN(const gateway::Config gateway_config, gateway::Config::FromEnv(env));
  generation_config.exclusive_database = private_database;

  MR_ASSIGN_OR_RETURN(const auto vault, vault::App::Start(vault_config));
  MR_ASSIGN_OR_RETURN(const auto media, media::App::Start(media_config));
  MR_ASSIGN_OR_RETURN(const auto orchestrator,
                      generation::App::Start(generation_config, {.vault = vault->channel(),
                                                                 .media = media->channel()}));
  if (demo) MR_RETURN_IF_ERROR(AddDemoKey(vault->channel()));
  MR_ASSIGN_OR_RETURN(const auto worker,
                      worker::App::Start(worker_config, {.orchestrator = orchestrator->channel(),
                                                         .vault = vault->channel(),
                                                         .media = media->channel()}));
  MR_ASSIGN_OR_RETURN(const auto gateway,
                      gateway::App::Start(gateway_config, {.vault = vault->channel(),
                                                           .orchestrator = orchestrator->channel(),
                                                           .worker = worker->channel(),
                                                           .media = media->channel()}));

  Print(fmt::format("MediaRouter listening on http://{}:{}", gateway_config.host, gateway->port()));
  if (first_start) Print(fmt::format("Access key: {}", env["MEDIAROUTER_ADMIN_KEY"]));
  shutdown.Wait();
  obs::Log(obs::Level::kInfo, "stopping");
  const auto drain = read.Seconds(service::kDrainSeconds);
  gateway->Stop(drain);
  worker->Stop(drain);
  orchestrator->Stop(drain);
  media->Stop(drain);
  vault->Stop(drain);
  demo.reset();
  if (postgres) postgres->Stop();
  obs::Log(obs::Level::kInfo, "stopped");
  return absl::OkStatus();
}

}  // namespace mediarouter::standalone
