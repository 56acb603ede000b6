#include "media/config.h"

#include <catch2/catch.hpp>

#include "support/status_matchers.h"

namespace mediarouter::media {
namespace {

TEST_CASE("two settings are enough", "[config]") {
  const auto config =
      Config::FromEnv({{"DATABASE_URL", "postgresql://db"}, {"STORAGE_PATH", "/v"}});
  REQUIRE_OK(config);
  CHECK(config->database_url == "postgresql://db");
  CHECK(config->storage_path == "/v");
  CHECK(config->min_free_bytes == std::int64_t{1} << 30);
  CHECK(config->min_free_percent == 5);
  CHECK(config->ingest_concurrency == 16);
  CHECK(config->longest_ingest == std::chrono::hours(1));
  CHECK(config->probe_program.ends_with("/mediarouter-media-probe"));
  CHECK(config->listen.empty());
}

TEST_CASE("all faults of the configuration are told at once", "[config]") {
  const auto config = Config::FromEnv({{"MIN_FREE_PERCENT", "120"}, {"INGEST_CONCURRENCY", "no"}});
  CHECK_FAILS(config, absl::StatusCode::kInvalidArgument, "invalid_configuration");
  for (const char* name :
       {"DATABASE_URL", "STORAGE_PATH", "MIN_FREE_PERCENT", "INGEST_CONCURRENCY"}) {
    INFO(name);
    CHECK(base::Message(config.status()).find(name) != std::string_view::npos);
  }
}

}  // namespace
}  // namespace mediarouter::media
