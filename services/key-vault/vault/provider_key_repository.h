#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "vault/barrier.h"
#include "vault/provider_key.h"

namespace mediarouter::pg {
class Pool;
}

namespace mediarouter::vault {

struct NewProviderKey {
  std::int64_t id;  // of NextId()
  std::string provider;
  std::string name;
  std::string preview;
  std::string request_id;
  Envelope envelope;
};

struct SealedProviderKey {
  std::string provider;
  Envelope envelope;
};

// What an audit row tells beside the time and the request id.
struct AuditNote {
  std::string actor;
  std::string purpose;
};

// The table provider_keys. Each method is one statement that commits by itself, with its audit row.
// A missing row is NotFound (`key_not_found`). Thread-safe.
class ProviderKeyRepository {
 public:
  explicit ProviderKeyRepository(pg::Pool& pool) : pool_(pool) {}

  // Ids are known before the row is, since the envelope is bound to them.
  absl::StatusOr<std::int64_t> NextId(const base::CallContext& context);

  // The new row, or the one that an earlier call with this request id made.
  absl::StatusOr<ProviderKey> Insert(const base::CallContext& context, const NewProviderKey& key,
                                     const AuditNote& note);

  absl::StatusOr<ProviderKey> Get(const base::CallContext& context, std::int64_t id);

  // By id, above `after`. An empty provider means all; the revoked only with their secret.
  absl::StatusOr<std::vector<ProviderKey>> List(const base::CallContext& context,
                                                const std::string& provider, bool show_revoked,
                                                std::int64_t after, int limit);

  // A revoked key comes back as it is.
  absl::StatusOr<ProviderKey> SetStatus(const base::CallContext& context, std::int64_t id,
                                        ProviderKeyStatus status);

  // NotFound also when it is revoked already.
  absl::Status Revoke(const base::CallContext& context, std::int64_t id, const AuditNote& note);

  // NotFound when there is no such key that is revoked and still has its secret.
  absl::Status Destroy(const base::CallContext& context, std::int64_t id, const AuditNote& note);

  // Reads the envelope and writes the audit row, both or neither.
  absl::StatusOr<SealedProviderKey> Access(const base::CallContext& context, std::int64_t id,
                                           const AuditNote& note);

 private:
  pg::Pool& pool_;
};

}  // namespace mediarouter::vault
