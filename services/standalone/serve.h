#pragma once

#include <absl/status/status.h>

#include "base/environment.h"
#include "base/shutdown.h"

namespace mediarouter::standalone {

struct ServeOptions {
  bool demo = false;  // start the simulator as provider `demo`
};

// All five services in this process, over in-process channels, until `shutdown`. Then drains:
// gateway first, database last.
absl::Status Serve(base::Environment env, const ServeOptions& options, base::Shutdown& shutdown);

}  // namespace mediarouter::standalone
