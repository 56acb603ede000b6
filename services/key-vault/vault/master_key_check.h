#pragma once

#include <absl/status/status.h>

#include "base/call_context.h"
#include "crypto/keyring.h"

namespace mediarouter::pg {
class Pool;
}

namespace mediarouter::vault {

// At start: records the versions of `keyring` that the database has not seen yet.
// FailedPrecondition (`wrong_encryption_key`) when a version has other key material than the one
// that the database was written with. A version that the database still needs and `keyring` lacks
// is only logged: the secrets under it stay closed, everything else works.
absl::Status CheckMasterKeys(const base::CallContext& context, pg::Pool& pool,
                             const crypto::Keyring& keyring);

}  // namespace mediarouter::vault
