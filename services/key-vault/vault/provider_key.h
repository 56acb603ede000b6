#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mediarouter::vault {

enum class ProviderKeyStatus { kActive, kInvalid, kQuotaExceeded, kRevoked };

// A key of a provider, without its secret.
struct ProviderKey {
  using Time = std::chrono::system_clock::time_point;

  std::int64_t id = 0;
  std::string provider;
  std::string name;
  ProviderKeyStatus status = ProviderKeyStatus::kActive;
  std::string preview;
  Time created_at;
  std::optional<Time> validated_at;
  bool destroyed = false;  // the secret is gone
};

}  // namespace mediarouter::vault
