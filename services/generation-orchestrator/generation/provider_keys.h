#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"

namespace mediarouter::generation {

// What the orchestrator knows of provider keys: their metadata, read from key-vault and kept for a
// second. Never a secret. Thread-safe; calls block.
class ProviderKeys {
 public:
  virtual ~ProviderKeys() = default;

  // A usable key of `provider`, taking turns. nullopt when there is none; Unavailable when the
  // vault cannot be asked.
  virtual absl::StatusOr<std::optional<std::int64_t>> Choose(const base::CallContext& context,
                                                             const std::string& provider) = 0;

  enum class Verdict { kInvalid, kExhausted };
  // Tells the vault what a provider said of a key. A failure is logged: the next refusal says so
  // again.
  virtual void Report(const base::CallContext& context, std::int64_t key, Verdict verdict) = 0;

  // Keys that are revoked while their secret is still kept.
  virtual absl::StatusOr<std::vector<std::int64_t>> Revoked(const base::CallContext& context) = 0;
  virtual absl::Status Destroy(const base::CallContext& context, std::int64_t key) = 0;
};

std::unique_ptr<ProviderKeys> MakeVaultProviderKeys(std::shared_ptr<grpc::Channel> vault);

}  // namespace mediarouter::generation
