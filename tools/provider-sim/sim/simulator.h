#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"
#include "sim/clip_library.h"
#include "sim/counters.h"
#include "sim/faults.h"
#include "sim/job_store.h"

namespace mediarouter::sim {

// What all protocols and the control routes share. Each member is thread-safe.
struct Simulator {
  const base::Clock& clock;
  std::unique_ptr<JobStore> jobs;
  ClipLibrary clips;
  FaultEngine faults;
  Counters counters;
  std::set<std::string, std::less<>> api_keys;                   // empty: any key, see CheckKey
  std::chrono::milliseconds standard_render;                     // from the command line
  std::atomic<std::int64_t> render_ms{standard_render.count()};  // of jobs to come

  std::int64_t NowMs() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.Now().time_since_epoch())
        .count();
  }
};

}  // namespace mediarouter::sim
