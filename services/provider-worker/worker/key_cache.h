#pragma once

#include <absl/status/statusor.h>

#include <grpcpp/channel.h>

#include <map>
#include <memory>
#include <string>

#include "base/secret_string.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "worker/coroutines.h"

namespace mediarouter::worker {

// Decrypted provider keys, each kept at most five minutes and fetched by one call however many
// want it. Used on the worker's thread only.
class KeyCache {
 public:
  using Secret = std::shared_ptr<const base::SecretString>;

  // `holder` names this worker in the vault's audit.
  KeyCache(const boost::asio::any_io_executor& executor,
           const std::shared_ptr<grpc::Channel>& vault, std::string holder);

  // NotFound when the key is gone; the vault's own errors otherwise.
  awaitable<absl::StatusOr<Secret>> Get(std::int64_t id);

  // Forgets what is too old, until Stop().
  awaitable<void> Run();
  void Stop();

 private:
  struct Entry {
    explicit Entry(const boost::asio::any_io_executor& executor) : fetched(executor) {}
    Secret secret;
    Clock::time_point fetched_at;
    bool fetching = false;
    absl::Status error;
    Signal fetched;
  };

  awaitable<void> Fetch(std::int64_t id, std::shared_ptr<Entry> entry);

  boost::asio::any_io_executor executor_;
  std::unique_ptr<vault::v1::ProviderKeyService::Stub> vault_;
  const std::string holder_;
  bool stopping_ = false;
  boost::asio::steady_timer timer_;
  std::map<std::int64_t, std::shared_ptr<Entry>> entries_;
};

}  // namespace mediarouter::worker
