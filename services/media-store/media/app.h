#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/environment.h"
#include "base/shutdown.h"
#include "media/config.h"
#include "pg/migrator.h"

namespace mediarouter::media {

inline constexpr char kSchema[] = "media";
inline constexpr int kMinCompatibleSchema = 1;

std::span<const pg::Migration> Migrations();

// media-store: the volume, the probe, the database and the gRPC server over them. Thread-safe.
class App {
 public:
  // FailedPrecondition in words for the operator when volume, probe or schema cannot be used.
  // `clock` is for tests and must outlive the App.
  static absl::StatusOr<std::unique_ptr<App>> Start(const Config& config,
                                                    const base::Clock& clock = base::SystemClock());
  ~App();  // Stop(0)

  std::shared_ptr<grpc::Channel> channel();

  // NOT_SERVING; calls under way get `drain`. May be called again.
  void Stop(std::chrono::milliseconds drain);

  // One whole sweep, now; for tests.
  void Sweep();

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The separate binary: App until `shutdown`.
absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown);

}  // namespace mediarouter::media
