#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string_view>

#include "base/call_context.h"
#include "base/secret_string.h"
#include "vault/access_key_hasher.h"
#include "vault/access_key_repository.h"

namespace mediarouter::vault {

// What every installation has.
inline constexpr char kDefaultProject[] = "prj_default";

// Keys of clients. Blocks on Postgres; thread-safe.
class AccessKeyService {
 public:
  AccessKeyService(AccessKeyRepository& repository, const AccessKeyHasher& hasher)
      : repository_(repository), hasher_(hasher) {}

  // Whose key this is. Unauthenticated (`invalid_api_key`) when it is nobody's, revoked or expired:
  // one answer for all three.
  absl::StatusOr<base::Principal> Authenticate(const base::CallContext& context,
                                               std::string_view access_key);

  // At start: the default project and, unless `admin_key` is empty, the admin key of that value in
  // the place of the one that an earlier start was given.
  absl::Status EnsureDefaults(const base::CallContext& context,
                              const base::SecretString& admin_key);

  // Whether anybody can administer.
  absl::StatusOr<bool> HasAdminKey(const base::CallContext& context) {
    return repository_.HasAdmin(context);
  }

  // The plaintext of a new admin key, when there was no usable one; only its hash is kept.
  absl::StatusOr<std::optional<base::SecretString>> MakeFirstAdminKey(
      const base::CallContext& context);

 private:
  AccessKeyRepository& repository_;
  const AccessKeyHasher& hasher_;
};

}  // namespace mediarouter::vault
