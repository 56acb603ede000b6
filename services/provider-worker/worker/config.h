#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "base/environment.h"
#include "providers/registry.h"

namespace mediarouter::worker {

// How generations are worked on.
struct RunnerConfig {
  int max_jobs = 10'000;        // held at once
  int submit_concurrency = 64;  // creates at once, per provider
  int store_concurrency = 8;    // downloads at once
  std::chrono::milliseconds submit_timeout{30'000};
  std::chrono::milliseconds poll_interval{5'000};  // the longest between two polls that succeed
  std::chrono::milliseconds job_lost{600'000};     // of a provider saying that there is no such job
  std::chrono::milliseconds output_retry{300'000};  // for an output that cannot be used
  std::chrono::milliseconds progress_interval{2'000};
};

struct Config {
  std::string listen;  // "": in process only; FromEnv leaves it so
  std::chrono::milliseconds drain{20'000};
  std::vector<providers::Endpoint> endpoints;
  RunnerConfig runner;

  static absl::StatusOr<Config> FromEnv(const base::Environment& env);
};

// The settings that only this service reads.
std::span<const base::Setting* const> Settings();

}  // namespace mediarouter::worker
