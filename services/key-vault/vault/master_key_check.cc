#include "vault/master_key_check.h"

#include <algorithm>
#include <string>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "obs/log.h"
#include "pg/pool.h"

namespace mediarouter::vault {
namespace {

constexpr char kPurpose[] = "key-vault master key check 1";

// An update that changes nothing, so that the row comes back whether it was there or not.
constexpr char kRecord[] =
    "INSERT INTO master_keys (version, check_value) VALUES ($1, $2)"
    " ON CONFLICT (version) DO UPDATE SET version = excluded.version"
    " RETURNING check_value";

constexpr char kNeeded[] =
    "SELECT key_version, count(*) FROM provider_keys WHERE key_version IS NOT NULL"
    " GROUP BY key_version";

}  // namespace

absl::Status CheckMasterKeys(const base::CallContext& context, pg::Pool& pool,
                             const crypto::Keyring& keyring) {
  const auto versions = keyring.versions();
  return pool.Transact(context, [&](pg::Session& session) -> absl::Status {
    for (const crypto::Keyring::Version version : versions) {
      MR_ASSIGN_OR_RETURN(const base::SecretString check, keyring.Key(version, kPurpose));
      const pqxx::result recorded =
          session.Exec(kRecord, static_cast<int>(version),
                       pqxx::binarystring(check.Reveal().data(), check.Reveal().size()));
      if (!base::ConstantTimeEqual(pqxx::binarystring(recorded[0][0]).str(), check.Reveal())) {
        return base::FailedPrecondition(
            "wrong_encryption_key",
            "ENCRYPTION_KEY version {} is not the key that this database was written with; to "
            "rotate, put the new key in front as version {}",
            version, keyring.newest() + 1);
      }
    }
    for (const pqxx::row& row : session.Exec(kNeeded)) {
      const int version = row[0].as<int>();
      if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
        obs::Log(
            obs::Level::kError, context,
            "provider keys cannot be opened: their version of ENCRYPTION_KEY is not configured",
            {{"key_version", version}, {"provider_keys", row[1].as<std::int64_t>()}});
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace mediarouter::vault
