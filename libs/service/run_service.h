#pragma once

#include <absl/status/status.h>

#include <functional>
#include <string>

#include "base/environment.h"
#include "base/shutdown.h"

namespace mediarouter::service {

// What the main of each service does: signals, log, metrics, internal token; then `run` until it
// returns. A failed Status is logged and becomes exit code 1; `--help` and `--version` are
// answered.
//   int main(int argc, char** argv) {
//     return mediarouter::service::RunService("key-vault", argc, argv,
//         [](const auto& env, auto& shutdown) { return mediarouter::vault::RunSeparate(env,
//         shutdown); });
//   }
int RunService(const std::string& name, int argc, char** argv,
               const std::function<absl::Status(const base::Environment&, base::Shutdown&)>& run);

// Log, metrics and internal token from the environment; part of RunService, also for standalone.
absl::Status InitProcess(const std::string& name, const base::Environment& env);

// GRPC_LISTEN, or the service's Unix socket below /run/mediarouter.
std::string ListenAddress(const std::string& name, base::ConfigReader& read);

}  // namespace mediarouter::service
