#include "vault/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "crypto/keyring.h"
#include "service/settings.h"

namespace mediarouter::vault {
namespace {

constexpr base::Setting kEncryptionKey{
    "ENCRYPTION_KEY", "",
    "encrypts provider keys, 32 characters or more; rotate with 2:new,1:old; standalone makes one",
    true};
constexpr base::Setting kAdminKey{
    "MEDIAROUTER_ADMIN_KEY", "",
    "an access key for administrators, 32 characters or more; unset: one is made and printed once",
    true};

constexpr std::size_t kMinAdminKey = 32;
constexpr std::size_t kMaxAdminKey = 512;
constexpr int kMaxPoolSize = 1000;

// It must fit into an Authorization header as it stands.
bool IsAdminKey(std::string_view key) {
  return key.size() >= kMinAdminKey && key.size() <= kMaxAdminKey &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::span<const base::Setting* const> Settings() {
  static constexpr const base::Setting* kAll[] = {&kEncryptionKey, &kAdminKey};
  return kAll;
}

absl::StatusOr<Config> Config::FromEnv(const base::Environment& env) {
  base::ConfigReader read(env);
  Config config;
  config.database_url = read.Secret(service::kDatabaseUrl);
  if (config.database_url.empty()) read.Fault(service::kDatabaseUrl, "is required");
  config.database_pool_size =
      static_cast<std::size_t>(read.Int(service::kDatabasePoolSize, 1, kMaxPoolSize));
  config.encryption_key = read.Secret(kEncryptionKey);
  if (config.encryption_key.empty()) {
    read.Fault(kEncryptionKey, "is required");
  } else if (const auto keyring = crypto::Keyring::Parse(config.encryption_key.Reveal());
             !keyring.ok()) {
    read.Fault(kEncryptionKey, base::Message(keyring.status()));
  }
  config.admin_key = read.Secret(kAdminKey);
  if (!config.admin_key.empty() && !IsAdminKey(config.admin_key.Reveal())) {
    read.Fault(kAdminKey, fmt::format("needs {} to {} printable ASCII characters without spaces",
                                      kMinAdminKey, kMaxAdminKey));
  }
  MR_RETURN_IF_ERROR(read.Finish());
  return config;
}

}  // namespace mediarouter::vault
