#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/secret_string.h"
#include "vault/barrier.h"
#include "vault/provider_key.h"
#include "vault/provider_key_repository.h"

namespace mediarouter::vault {

struct ProviderKeyPage {
  std::vector<ProviderKey> keys;
  std::string next_token;  // empty on the last page
};

struct ReleasedSecret {
  std::string provider;
  base::SecretString secret;
};

// Keys of providers. Errors that callers can mend are InvalidArgument with the parameter's name; a
// key that is not there is NotFound (`key_not_found`). Blocks on Postgres; thread-safe.
class ProviderKeyService {
 public:
  ProviderKeyService(ProviderKeyRepository& repository, const Barrier& barrier)
      : repository_(repository), barrier_(barrier) {}

  // Idempotent on `request_id`; AlreadyExists (`request_id_reused`) when that made another key.
  // InvalidArgument `invalid_api_key_format` for a secret that could not be an HTTP header's value
  // as it stands: nothing is trimmed in silence, since the provider would be asked with other bytes
  // than the person gave.
  absl::StatusOr<ProviderKey> Create(const base::CallContext& context, const std::string& provider,
                                     std::string_view secret, const std::string& name,
                                     const std::string& request_id);

  absl::StatusOr<ProviderKey> Get(const base::CallContext& context, std::int64_t id);

  // An empty provider means all; page_size 0 means the most, 1000.
  absl::StatusOr<ProviderKeyPage> List(const base::CallContext& context,
                                       const std::string& provider, bool show_revoked,
                                       int page_size, const std::string& page_token);

  // What the provider said. A revoked key stays as it is.
  absl::StatusOr<ProviderKey> SetStatus(const base::CallContext& context, std::int64_t id,
                                        ProviderKeyStatus status);

  // Revokes: no new submits, but open generations can still use the secret.
  absl::Status Delete(const base::CallContext& context, std::int64_t id);

  // Repeatable. FailedPrecondition (`key_not_revoked`).
  absl::Status DestroySecret(const base::CallContext& context, std::int64_t id);

  // The plaintext, after its release is in the audit.
  absl::StatusOr<ReleasedSecret> Access(const base::CallContext& context, std::int64_t id,
                                        const std::string& purpose, const std::string& holder);

 private:
  ProviderKeyRepository& repository_;
  const Barrier& barrier_;
};

// "sk-...wxyz": what a person recognises their key by. Less of a short one, nothing of a very
// short.
std::string Preview(std::string_view secret);

}  // namespace mediarouter::vault
