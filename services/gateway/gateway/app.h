#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/shutdown.h"
#include "gateway/backends.h"
#include "gateway/config.h"

namespace mediarouter::gateway {

// The whole service: HTTP in, gRPC out, no state of its own. Thread-safe.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Start(const Config& config, const Channels& channels);
  ~App();  // Stop(0)

  int port() const;
  std::vector<std::string> Routes() const;  // "GET /health", for tests that walk them

  // Stops accepting, `drain` for the requests under way. May be called again.
  void Stop(std::chrono::milliseconds drain);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The separate binary: finds the other services by their addresses, serves until `shutdown`.
absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown);

}  // namespace mediarouter::gateway
