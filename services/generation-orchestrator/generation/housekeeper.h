#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/shutdown.h"
#include "generation/provider_keys.h"

namespace mediarouter::pg {
class Pool;
}

namespace mediarouter::generation {

// Does behind a commit what the commit asked for (table `tasks`): deletes the files of deleted
// generations. Destroys the secrets of revoked provider keys once nothing open needs them. Measures
// how many generations are in which state. All of it repeatable; several housekeepers do no harm.
class Housekeeper {
 public:
  Housekeeper(pg::Pool& pool, ProviderKeys& keys, std::shared_ptr<grpc::Channel> media,
              std::chrono::milliseconds key_calm, const base::Clock& clock)
      : pool_(pool), keys_(keys), media_(std::move(media)), key_calm_(key_calm), clock_(clock) {}
  ~Housekeeper() { Stop(); }

  void Start();
  void Stop();

  // One round each. RunTasks returns how many tasks it finished.
  int RunTasks();
  void DestroyRevokedKeys();
  void Measure();

 private:
  pg::Pool& pool_;
  ProviderKeys& keys_;
  std::shared_ptr<grpc::Channel> media_;
  // A send with a revoked key may have been chosen a moment before, and a worker holds a plaintext
  // for five minutes: its secret is kept so much longer.
  const std::chrono::milliseconds key_calm_;
  const base::Clock& clock_;
  std::map<std::int64_t, std::chrono::steady_clock::time_point> unused_since_;
  base::Shutdown stop_;
  std::thread thread_;
};

}  // namespace mediarouter::generation
