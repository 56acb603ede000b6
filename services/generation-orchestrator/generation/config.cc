#include "generation/config.h"

#include "base/status_macros.h"
#include "service/settings.h"

namespace mediarouter::generation {
namespace {

constexpr base::Setting kLeaseSeconds{"LEASE_SECONDS", "45",
                                      "how long a worker holds a generation without renewing"};
constexpr base::Setting kLookupSeconds{
    "LOOKUP_SECONDS", "30", "how long a provider's list may take to show a job it just accepted"};
constexpr base::Setting kQueuePatienceSeconds{
    "QUEUE_PATIENCE_SECONDS", "86400",
    "how long a generation may wait for a provider that will not take it"};

constexpr base::Setting kRevokedKeySeconds{
    "REVOKED_KEY_SECONDS", "600",
    "how long the secret of a revoked provider key is kept after nothing open needs it"};

}  // namespace

std::span<const base::Setting* const> Settings() {
  static constexpr const base::Setting* kAll[] = {&kLeaseSeconds, &kLookupSeconds,
                                                  &kQueuePatienceSeconds, &kRevokedKeySeconds};
  return kAll;
}

absl::StatusOr<Config> Config::FromEnv(const base::Environment& env) {
  base::ConfigReader read(env);
  Config config;
  config.database_url = std::string(read.Secret(service::kDatabaseUrl).Reveal());
  if (config.database_url.empty()) read.Fault(service::kDatabaseUrl, "is required");
  config.pool_size = static_cast<std::size_t>(read.Int(service::kDatabasePoolSize, 1, 1000));
  config.drain = read.Seconds(service::kDrainSeconds);
  config.catalog_path = read.Text(service::kCatalogPath);
  config.base_urls = service::ProviderBaseUrls(read);
  config.work.lease_term = read.Seconds(kLeaseSeconds);
  config.work.submit_timeout = read.Seconds(service::kSubmitTimeoutSeconds);
  config.work.submit_margin =
      std::min<std::chrono::milliseconds>(std::chrono::seconds(5), config.work.submit_timeout / 6);
  config.work.lookup_window = read.Seconds(kLookupSeconds);
  config.work.queue_patience = read.Seconds(kQueuePatienceSeconds);
  config.revoked_key_calm = read.Seconds(kRevokedKeySeconds);
  // A worker sends only under a lease that outlives the send: a shorter one would never send.
  if (config.work.lease_term < config.work.submit_timeout + 2 * config.work.submit_margin) {
    read.Fault(kLeaseSeconds, "must be longer than SUBMIT_TIMEOUT_SECONDS and its margins");
  }
  MR_RETURN_IF_ERROR(read.Finish());
  return config;
}

}  // namespace mediarouter::generation
