#include "media/config.h"

#include "base/status_macros.h"
#include "media/video_probe.h"
#include "service/settings.h"

namespace mediarouter::media {
namespace {

constexpr base::Setting kMediaProbe{
    "MEDIA_PROBE", "", "the program that looks into videos; unset: beside the executable"};
constexpr base::Setting kMinFreeBytes{"MIN_FREE_BYTES", "1073741824",
                                      "free bytes of the volume below which no video is taken in"};
constexpr base::Setting kMinFreePercent{
    "MIN_FREE_PERCENT", "5", "the same in percent of the volume; the greater of the two counts"};
constexpr base::Setting kIngestConcurrency{"INGEST_CONCURRENCY", "16",
                                           "videos that one media-store takes in at once"};
constexpr base::Setting kIngestMaxSeconds{
    "INGEST_MAX_SECONDS", "3600",
    "how long one video may take to come in; what is older and unfinished is swept"};

}  // namespace

std::span<const base::Setting* const> Settings() {
  static constexpr const base::Setting* kAll[] = {&kMediaProbe, &kMinFreeBytes, &kMinFreePercent,
                                                  &kIngestConcurrency, &kIngestMaxSeconds};
  return kAll;
}

absl::StatusOr<Config> Config::FromEnv(const base::Environment& env) {
  base::ConfigReader read(env);
  Config config;
  config.database_url = std::string(read.Secret(service::kDatabaseUrl).Reveal());
  if (config.database_url.empty()) read.Fault(service::kDatabaseUrl, "media-store needs it");
  config.database_pool_size =
      static_cast<std::size_t>(read.Int(service::kDatabasePoolSize, 1, 500));
  config.storage_path = read.Text(service::kStoragePath);
  if (config.storage_path.empty()) read.Fault(service::kStoragePath, "media-store needs it");
  config.probe_program = read.Text(kMediaProbe);
  if (config.probe_program.empty()) config.probe_program = ProbeBesideExecutable();
  config.min_free_bytes = read.Int(kMinFreeBytes, 0, std::int64_t{1} << 50);
  config.min_free_percent = static_cast<int>(read.Int(kMinFreePercent, 0, 90));
  config.ingest_concurrency = static_cast<int>(read.Int(kIngestConcurrency, 1, 256));
  config.longest_ingest = read.Seconds(kIngestMaxSeconds);
  MR_RETURN_IF_ERROR(read.Finish());
  return config;
}

}  // namespace mediarouter::media
