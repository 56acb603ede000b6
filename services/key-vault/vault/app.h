#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include "base/environment.h"
#include "base/secret_string.h"
#include "base/shutdown.h"
#include "pg/migrator.h"
#include "vault/config.h"

namespace grpc {
class Channel;
}

namespace mediarouter::vault {

inline constexpr char kSchema[] = "vault";
std::span<const pg::Migration> Migrations();

// The whole service. Thread-safe.
class App {
 public:
  // Waits up to a minute for the database and its schema.
  static absl::StatusOr<std::unique_ptr<App>> Start(const Config& config);
  ~App();  // Stop(0)

  std::shared_ptr<grpc::Channel> channel();  // in process; its users stop before this does

  // When no admin key is usable and none is configured: makes one and gives it out, once. Call it
  // when the answer can be shown to a person, since only its hash is kept. Nothing also when the
  // database failed, which is logged: then no key was made.
  std::optional<base::SecretString> first_admin_key();

  // Whether some admin key is usable; true also when that cannot be told.
  bool has_admin_key();

  // NOT_SERVING, `drain` for the calls under way, release. May be called again.
  void Stop(std::chrono::milliseconds drain);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The separate binary: listens, and serves until `shutdown`.
absl::Status RunSeparate(const base::Environment& env, base::Shutdown& shutdown);

}  // namespace mediarouter::vault
