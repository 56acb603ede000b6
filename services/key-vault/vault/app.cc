#include "vault/app.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "base/call_context.h"
#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/thread_pool.h"
#include "crypto/keyring.h"
#include "obs/log.h"
#include "pg/pool.h"
#include "rpc/dispatcher.h"
#include "rpc/server.h"
#include "service/run_service.h"
#include "service/settings.h"
#include "vault/access_key_hasher.h"
#include "vault/access_key_repository.h"
#include "vault/access_key_service.h"
#include "vault/barrier.h"
#include "vault/grpc_access_key_service.h"
#include "vault/grpc_provider_key_service.h"
#include "vault/master_key_check.h"
#include "vault/provider_key_repository.h"
#include "vault/provider_key_service.h"

extern const char kVaultMigration0001[];

namespace mediarouter::vault {
namespace {

constexpr char kService[] = "key-vault";
constexpr int kMinSchema = 1;
constexpr std::chrono::minutes kSchemaPatience{1};
constexpr std::chrono::seconds kStartBudget{30};
constexpr std::size_t kThreads = 8;
constexpr std::size_t kQueue = 1024;

// A core file would hold the master keys.
void ForbidCoreDumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// A terminal or a file of somebody's choice. A pipe ends in some log, where a key must not be.
bool StandardOutputIsForAPerson() {
  struct stat status {};
  return isatty(STDOUT_FILENO) != 0 ||
         (fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode));
}

void ShowFirstAdminKey(App& app) {
  if (!StandardOutputIsForAPerson()) {
    if (!app.has_admin_key()) {
      obs::Log(obs::Level::kWarn,
               "there is no admin key: set MEDIAROUTER_ADMIN_KEY, or start once on a terminal");
    }
    return;
  }
  if (const auto key = app.first_admin_key()) {
    fmt::print("First admin key, shown only now: {}\n", key->Reveal());
    std::fflush(stdout);
  }
}

base::CallContext StartContext() {
  return base::CallContext::Background(base::NewId("req_"), kStartBudget);
}

}  // namespace

std::span<const pg::Migration> Migrations() {
  static const pg::Migration kAll[] = {{1, "0001_init", kVaultMigration0001}};
  return kAll;
}

// In the order of dependency: what is declared later uses what is declared before.
struct App::Parts {
  Parts(crypto::Keyring keys, pg::PoolConfig database)
      : keyring(std::move(keys)), pool(std::move(database)) {}

  const crypto::Keyring keyring;
  pg::Pool pool;
  const Barrier barrier{keyring};
  const AccessKeyHasher hasher{keyring};
  ProviderKeyRepository provider_key_repository{pool};
  AccessKeyRepository access_key_repository{pool};
  ProviderKeyService provider_keys{provider_key_repository, barrier};
  AccessKeyService access_keys{access_key_repository, hasher};
  base::ThreadPool threads{kService, kThreads, kQueue};
  rpc::Dispatcher dispatcher{kService, threads};
  GrpcProviderKeyService grpc_provider_keys{provider_keys, dispatcher};
  GrpcAccessKeyService grpc_access_keys{access_keys, dispatcher};
  std::unique_ptr<rpc::Server> server;
  bool admin_key_configured = false;
};

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<App>> App::Start(const Config& config) {
  MR_ASSIGN_OR_RETURN(crypto::Keyring keyring,
                      crypto::Keyring::Parse(config.encryption_key.Reveal()));
  const std::string url(config.database_url.Reveal());
  MR_RETURN_IF_ERROR(pg::CheckSchema(url, kSchema, kMinSchema, kSchemaPatience));
  auto parts = std::make_unique<Parts>(std::move(keyring),
                                       pg::PoolConfig{.url = url,
                                                      .application_name = "mediarouter-key-vault",
                                                      .schema = kSchema,
                                                      .size = config.database_pool_size});
  const base::CallContext context = StartContext();
  MR_RETURN_IF_ERROR(CheckMasterKeys(context, parts->pool, parts->keyring));
  MR_RETURN_IF_ERROR(parts->access_keys.EnsureDefaults(context, config.admin_key));
  parts->admin_key_configured = !config.admin_key.empty();
  MR_ASSIGN_OR_RETURN(parts->server,
                      rpc::Server::Start({&parts->grpc_provider_keys, &parts->grpc_access_keys},
                                         config.listen_address));
  return std::unique_ptr<App>(new App(std::move(parts)));
}

std::shared_ptr<grpc::Channel> App::channel() { return parts_->server->InProcessChannel(); }

std::optional<base::SecretString> App::first_admin_key() {
  if (parts_->admin_key_configured) return std::nullopt;
  const base::CallContext context = StartContext();
  absl::StatusOr<std::optional<base::SecretString>> key =
      parts_->access_keys.MakeFirstAdminKey(context);
  if (!key.ok()) {
    obs::Log(obs::Level::kError, context, "no first admin key was made",
             {{"error", base::Describe(key.status())}});
    return std::nullopt;
  }
  return *std::move(key);
}

bool App::has_admin_key() { return parts_->access_keys.HasAdminKey(StartContext()).value_or(true); }

void App::Stop(std::chrono::milliseconds drain) {
  parts_->server->Stop(drain);
  parts_->threads.Shutdown();
}

absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown) {
  ForbidCoreDumps();
  MR_ASSIGN_OR_RETURN(Config config, Config::FromEnv(env));
  base::ConfigReader read(env);
  config.listen_address = service::ListenAddress(kService, read);
  const auto drain = read.Seconds(service::kDrainSeconds);
  MR_RETURN_IF_ERROR(read.Finish());
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, App::Start(config));
  ShowFirstAdminKey(*app);
  obs::Log(obs::Level::kInfo, "serving", {{"address", config.listen_address}});
  shutdown.Wait();
  obs::Log(obs::Level::kInfo, "stopping", {});
  app->Stop(drain);
  return absl::OkStatus();
}

}  // namespace mediarouter::vault
