#pragma once

#include <map>
#include <span>
#include <string>

#include "base/environment.h"

// Settings that several services read. Each service's own are in its config.cc.
namespace mediarouter::service {

inline constexpr base::Setting kLogLevel{"LOG_LEVEL", "info", "debug, info, warn or error"};
inline constexpr base::Setting kLogFormat{"LOG_FORMAT", "auto",
                                          "json, pretty, or auto: pretty on a terminal"};
inline constexpr base::Setting kMetricsAddress{"METRICS_ADDRESS", "127.0.0.1:9464",
                                               "host:port that serves /metrics; off: none"};
inline constexpr base::Setting kInternalToken{
    "INTERNAL_TOKEN", "",
    "shared by the separate services when they talk over TCP, 32 characters or more", true};
inline constexpr base::Setting kDrainSeconds{"DRAIN_SECONDS", "20",
                                             "how long calls under way may take after SIGTERM"};
inline constexpr base::Setting kDatabaseUrl{
    "DATABASE_URL", "", "postgresql://...; standalone without it runs a private Postgres", true};
inline constexpr base::Setting kDatabasePoolSize{"DATABASE_POOL_SIZE", "8",
                                                 "connections per service process"};
inline constexpr base::Setting kGrpcListen{
    "GRPC_LISTEN", "",
    "where a separate service listens: unix:/path or host:port; "
    "unset: unix:/run/mediarouter/<service>.sock"};
inline constexpr base::Setting kKeyVaultAddress{
    "KEY_VAULT_ADDRESS", "unix:/run/mediarouter/key-vault.sock", "where key-vault is found"};
inline constexpr base::Setting kOrchestratorAddress{
    "GENERATION_ORCHESTRATOR_ADDRESS", "unix:/run/mediarouter/generation-orchestrator.sock",
    "where generation-orchestrator is found"};
inline constexpr base::Setting kWorkerAddress{"PROVIDER_WORKER_ADDRESS",
                                              "unix:/run/mediarouter/provider-worker.sock",
                                              "where provider-worker is found"};
inline constexpr base::Setting kMediaStoreAddress{
    "MEDIA_STORE_ADDRESS", "unix:/run/mediarouter/media-store.sock", "where media-store is found"};
inline constexpr base::Setting kStoragePath{"STORAGE_PATH", "",
                                            "folder of the videos; standalone: DATA_DIR/videos"};

inline constexpr base::Setting kSubmitTimeoutSeconds{
    "SUBMIT_TIMEOUT_SECONDS", "30", "how long a provider may take to answer a create"};
inline constexpr base::Setting kCatalogPath{
    "CATALOG_PATH", "", "a catalog of models and prices instead of the compiled one"};
// Operator's word: these hosts are trusted.
inline constexpr base::Setting kOpenAiBaseUrl{"OPENAI_BASE_URL", "https://api.openai.com/v1",
                                              "any server that speaks OpenAI's Videos API"};
inline constexpr base::Setting kDemoBaseUrl{
    "DEMO_BASE_URL", "", "the simulator behind provider demo; set by `serve --demo`"};

// Providers' addresses by name, of orchestrator and provider-worker alike.
std::map<std::string, std::string> ProviderBaseUrls(base::ConfigReader& read);

// The table of the above.
std::span<const base::Setting* const> CommonSettings();

}  // namespace mediarouter::service
