#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "crypto/keyring.h"

namespace mediarouter::pg {
class Pool;
}

namespace mediarouter::vault {

struct NewAccessKey {
  std::string id;
  std::string project_id;
  std::string name;
  base::Role role;
  std::string hash;
  crypto::Keyring::Version key_version;
};

// The tables projects and access_keys; hashes only. One method, one transaction. Thread-safe.
class AccessKeyRepository {
 public:
  explicit AccessKeyRepository(pg::Pool& pool) : pool_(pool) {}

  // Whose key has one of these hashes and is neither revoked nor expired.
  absl::StatusOr<std::optional<base::Principal>> Find(const base::CallContext& context,
                                                      const std::vector<std::string>& hashes);

  // Nothing when the project is there already.
  absl::Status EnsureProject(const base::CallContext& context, const std::string& id,
                             const std::string& name);

  // Makes `key` the only usable one of its name. A row with one of `hashes` (of the same plaintext
  // under all peppers) becomes that key again instead of a new row.
  absl::Status Replace(const base::CallContext& context, const NewAccessKey& key,
                       const std::vector<std::string>& hashes);

  // Whether some admin key is usable.
  absl::StatusOr<bool> HasAdmin(const base::CallContext& context);

  // False, and nothing stored, when some admin key is usable.
  absl::StatusOr<bool> InsertIfNoAdmin(const base::CallContext& context, const NewAccessKey& key);

 private:
  pg::Pool& pool_;
};

}  // namespace mediarouter::vault
