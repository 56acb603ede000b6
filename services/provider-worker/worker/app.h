#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <chrono>
#include <memory>

#include "base/shutdown.h"
#include "worker/channels.h"
#include "worker/config.h"

namespace mediarouter::worker {

// provider-worker: owns all its parts and their one thread.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Start(const Config& config, const Channels& channels);
  ~App();  // Stop(0)

  std::shared_ptr<grpc::Channel> channel();  // in process

  // Takes nothing new, lets sends under way end, gives all leases back; what is not done after
  // `drain` is broken off. May be called again.
  void Stop(std::chrono::milliseconds drain);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The separate binary: until `shutdown`.
absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown);

}  // namespace mediarouter::worker
