#include "worker/config.h"

#include "base/status.h"
#include "base/status_macros.h"
#include "catalog/catalog.h"
#include "service/settings.h"

namespace mediarouter::worker {
namespace {

constexpr base::Setting kMaxJobs{"WORKER_MAX_JOBS", "10000",
                                 "generations that one provider-worker holds at once"};
constexpr base::Setting kSubmitConcurrency{"SUBMIT_CONCURRENCY", "64",
                                           "creates that one worker sends to a provider at once"};
constexpr base::Setting kStoreConcurrency{"STORE_CONCURRENCY", "8",
                                          "videos that one worker downloads at once"};
constexpr base::Setting kPollIntervalSeconds{
    "POLL_INTERVAL_SECONDS", "5", "longest time between two polls of a job at its provider"};
constexpr base::Setting kJobLostSeconds{
    "JOB_LOST_SECONDS", "600",
    "how long a provider must deny a job before the generation fails with provider_job_lost"};
constexpr base::Setting kOutputRetrySeconds{
    "OUTPUT_RETRY_SECONDS", "300",
    "how long an unusable output is fetched again before the generation fails"};

}  // namespace

std::span<const base::Setting* const> Settings() {
  static constexpr const base::Setting* kAll[] = {&kMaxJobs,          &kSubmitConcurrency,
                                                  &kStoreConcurrency, &kPollIntervalSeconds,
                                                  &kJobLostSeconds,   &kOutputRetrySeconds};
  return kAll;
}

absl::StatusOr<Config> Config::FromEnv(const base::Environment& env) {
  base::ConfigReader read(env);
  Config config;
  config.drain = read.Seconds(service::kDrainSeconds);
  config.runner.max_jobs = static_cast<int>(read.Int(kMaxJobs, 1, 20'000));
  config.runner.submit_concurrency = static_cast<int>(read.Int(kSubmitConcurrency, 1, 256));
  config.runner.store_concurrency = static_cast<int>(read.Int(kStoreConcurrency, 1, 64));
  config.runner.submit_timeout = read.Seconds(service::kSubmitTimeoutSeconds);
  config.runner.poll_interval = read.Seconds(kPollIntervalSeconds);
  config.runner.job_lost = read.Seconds(kJobLostSeconds);
  config.runner.output_retry = read.Seconds(kOutputRetrySeconds);
  const std::string catalog_path = read.Text(service::kCatalogPath);
  const auto base_urls = service::ProviderBaseUrls(read);
  MR_RETURN_IF_ERROR(read.Finish());

  MR_ASSIGN_OR_RETURN(const auto catalog, catalog::Catalog::Load(catalog_path, base_urls));
  for (const catalog::Provider& provider : catalog.providers()) {
    config.endpoints.push_back({provider.name, provider.adapter, provider.base_url});
  }
  return config;
}

}  // namespace mediarouter::worker
