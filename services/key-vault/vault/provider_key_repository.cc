#include "vault/provider_key_repository.h"

#include <string_view>

#include "base/status.h"
#include "pg/pool.h"

namespace mediarouter::vault {
namespace {

// Times as microseconds: no parsing of time zones, no loss.
#define KEY_COLUMNS                                                 \
  "id, provider, name, status, preview, "                           \
  "(extract(epoch FROM created_at) * 1000000)::bigint AS created, " \
  "(extract(epoch FROM validated_at) * 1000000)::bigint AS validated, destroyed_at"

constexpr char kNextId[] = "SELECT nextval('provider_keys_id_seq')";

// A key is stored right after its provider accepted it. On a repeated request id nothing is
// inserted and nothing audited.
constexpr char kInsert[] =
    "WITH made AS ("
    " INSERT INTO provider_keys (id, provider, name, status, preview, wrapped_data_key,"
    "  ciphertext, key_version, request_id, validated_at)"
    " VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8, now())"
    " ON CONFLICT (request_id) DO NOTHING RETURNING *"
    "), noted AS ("
    " INSERT INTO audit (actor, action, object, purpose, request_id)"
    " SELECT $9, 'create', 'provider_key/' || id, $10, $11 FROM made"
    ") SELECT " KEY_COLUMNS " FROM made";

constexpr char kGetByRequestId[] =
    "SELECT " KEY_COLUMNS " FROM provider_keys WHERE request_id = $1";

constexpr char kGet[] = "SELECT " KEY_COLUMNS " FROM provider_keys WHERE id = $1";

constexpr char kList[] = "SELECT " KEY_COLUMNS
                         " FROM provider_keys"
                         " WHERE id > $1 AND ($2 = '' OR provider = $2)"
                         "  AND (status <> 'revoked' OR ($3 AND destroyed_at IS NULL))"
                         " ORDER BY id LIMIT $4";

constexpr char kSetStatus[] =
    "UPDATE provider_keys SET"
    " status = CASE WHEN status = 'revoked' THEN status ELSE $2 END,"
    " validated_at = CASE WHEN status = 'revoked' THEN validated_at ELSE now() END"
    " WHERE id = $1 RETURNING " KEY_COLUMNS;

constexpr char kRevoke[] =
    "WITH changed AS ("
    " UPDATE provider_keys SET status = 'revoked', revoked_at = now()"
    " WHERE id = $1 AND status <> 'revoked' RETURNING id"
    "), noted AS ("
    " INSERT INTO audit (actor, action, object, purpose, request_id)"
    " SELECT $2, 'revoke', 'provider_key/' || id, $3, $4 FROM changed"
    ") SELECT id FROM changed";

constexpr char kDestroy[] =
    "WITH changed AS ("
    " UPDATE provider_keys SET destroyed_at = now(), wrapped_data_key = NULL, ciphertext = NULL,"
    "  key_version = NULL"
    " WHERE id = $1 AND status = 'revoked' AND destroyed_at IS NULL RETURNING id"
    "), noted AS ("
    " INSERT INTO audit (actor, action, object, purpose, request_id)"
    " SELECT $2, 'destroy', 'provider_key/' || id, $3, $4 FROM changed"
    ") SELECT id FROM changed";

// No release without its audit row: one statement does both.
constexpr char kAccess[] =
    "WITH found AS ("
    " SELECT id, provider, wrapped_data_key, ciphertext, key_version FROM provider_keys"
    " WHERE id = $1 AND destroyed_at IS NULL"
    "), noted AS ("
    " INSERT INTO audit (actor, action, object, purpose, request_id)"
    " SELECT $2, 'access', 'provider_key/' || id, $3, $4 FROM found"
    ") SELECT provider, wrapped_data_key, ciphertext, key_version FROM found";

struct StatusName {
  ProviderKeyStatus status;
  const char* name;
};
constexpr StatusName kStatusNames[] = {{ProviderKeyStatus::kActive, "active"},
                                       {ProviderKeyStatus::kInvalid, "invalid"},
                                       {ProviderKeyStatus::kQuotaExceeded, "quota_exceeded"},
                                       {ProviderKeyStatus::kRevoked, "revoked"}};

std::string NameOf(ProviderKeyStatus status) {
  for (const StatusName& known : kStatusNames) {
    if (known.status == status) return known.name;
  }
  return {};  // refused by the table's CHECK
}

ProviderKeyStatus StatusOf(std::string_view name) {
  for (const StatusName& known : kStatusNames) {
    if (name == known.name) return known.status;
  }
  return ProviderKeyStatus::kRevoked;  // of a newer schema: not for use here
}

ProviderKey::Time TimeOf(std::int64_t micros) {
  return ProviderKey::Time(std::chrono::microseconds(micros));
}

ProviderKey KeyOf(const pqxx::row& row) {
  ProviderKey key;
  key.id = row["id"].as<std::int64_t>();
  key.provider = row["provider"].as<std::string>();
  key.name = row["name"].as<std::string>();
  key.status = StatusOf(row["status"].as<std::string>());
  key.preview = row["preview"].as<std::string>();
  key.created_at = TimeOf(row["created"].as<std::int64_t>());
  if (!row["validated"].is_null()) {
    key.validated_at = TimeOf(row["validated"].as<std::int64_t>());
  }
  key.destroyed = !row["destroyed_at"].is_null();
  return key;
}

absl::Status KeyNotFound(std::int64_t id) {
  return base::NotFound("key_not_found", "provider key {} does not exist", id);
}

absl::StatusOr<ProviderKey> OneKey(const pqxx::result& rows, std::int64_t id) {
  if (rows.empty()) return KeyNotFound(id);
  return KeyOf(rows[0]);
}

}  // namespace

absl::StatusOr<std::int64_t> ProviderKeyRepository::NextId(const base::CallContext& context) {
  return pool_.Autocommit(context, [](pg::Session& session) -> absl::StatusOr<std::int64_t> {
    return session.Exec(kNextId)[0][0].as<std::int64_t>();
  });
}

absl::StatusOr<ProviderKey> ProviderKeyRepository::Insert(const base::CallContext& context,
                                                          const NewProviderKey& key,
                                                          const AuditNote& note) {
  return pool_.Autocommit(context, [&](pg::Session& session) -> absl::StatusOr<ProviderKey> {
    const pqxx::result made = session.Exec(
        kInsert, key.id, key.provider, key.name, key.preview,
        pqxx::binarystring(key.envelope.wrapped_data_key),
        pqxx::binarystring(key.envelope.ciphertext), static_cast<int>(key.envelope.key_version),
        key.request_id, note.actor, note.purpose, context.request_id);
    if (!made.empty()) return KeyOf(made[0]);
    return OneKey(session.Exec(kGetByRequestId, key.request_id), key.id);
  });
}

absl::StatusOr<ProviderKey> ProviderKeyRepository::Get(const base::CallContext& context,
                                                       std::int64_t id) {
  return pool_.Autocommit(context,
                          [&](pg::Session& session) { return OneKey(session.Exec(kGet, id), id); });
}

absl::StatusOr<std::vector<ProviderKey>> ProviderKeyRepository::List(
    const base::CallContext& context, const std::string& provider, bool show_revoked,
    std::int64_t after, int limit) {
  return pool_.Read(context, [&](pg::Session& session) -> absl::StatusOr<std::vector<ProviderKey>> {
    std::vector<ProviderKey> keys;
    for (const pqxx::row& row : session.Exec(kList, after, provider, show_revoked, limit)) {
      keys.push_back(KeyOf(row));
    }
    return keys;
  });
}

absl::StatusOr<ProviderKey> ProviderKeyRepository::SetStatus(const base::CallContext& context,
                                                             std::int64_t id,
                                                             ProviderKeyStatus status) {
  return pool_.Autocommit(context, [&](pg::Session& session) {
    return OneKey(session.Exec(kSetStatus, id, NameOf(status)), id);
  });
}

absl::Status ProviderKeyRepository::Revoke(const base::CallContext& context, std::int64_t id,
                                           const AuditNote& note) {
  return pool_.Autocommit(context, [&](pg::Session& session) {
    const pqxx::result changed =
        session.Exec(kRevoke, id, note.actor, note.purpose, context.request_id);
    return changed.empty() ? KeyNotFound(id) : absl::OkStatus();
  });
}

absl::Status ProviderKeyRepository::Destroy(const base::CallContext& context, std::int64_t id,
                                            const AuditNote& note) {
  return pool_.Autocommit(context, [&](pg::Session& session) {
    const pqxx::result changed =
        session.Exec(kDestroy, id, note.actor, note.purpose, context.request_id);
    return changed.empty() ? KeyNotFound(id) : absl::OkStatus();
  });
}

absl::StatusOr<SealedProviderKey> ProviderKeyRepository::Access(const base::CallContext& context,
                                                                std::int64_t id,
                                                                const AuditNote& note) {
  return pool_.Autocommit(context, [&](pg::Session& session) -> absl::StatusOr<SealedProviderKey> {
    const pqxx::result found =
        session.Exec(kAccess, id, note.actor, note.purpose, context.request_id);
    if (found.empty()) return KeyNotFound(id);
    const pqxx::row row = found[0];
    return SealedProviderKey{
        row["provider"].as<std::string>(),
        {.wrapped_data_key = pqxx::binarystring(row["wrapped_data_key"]).str(),
         .ciphertext = pqxx::binarystring(row["ciphertext"]).str(),
         .key_version = static_cast<crypto::Keyring::Version>(row["key_version"].as<int>())}};
  });
}

}  // namespace mediarouter::vault
