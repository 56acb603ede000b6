#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <span>

#include "base/shutdown.h"
#include "generation/config.h"
#include "pg/migrator.h"

namespace mediarouter::generation {

// The services that this one calls.
struct Channels {
  std::shared_ptr<grpc::Channel> vault;
  std::shared_ptr<grpc::Channel> media;
};

// generation-orchestrator: owns all its parts. Start may block for a while on the database.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Start(const Config& config, const Channels& channels);
  ~App();

  std::shared_ptr<grpc::Channel> channel();  // in process
  void Stop(std::chrono::milliseconds drain);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

inline constexpr char kSchema[] = "orchestrator";
std::span<const pg::Migration> Migrations();

// The separate binary: until `shutdown`.
absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown);

}  // namespace mediarouter::generation
