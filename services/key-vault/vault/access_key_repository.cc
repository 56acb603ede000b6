#include "vault/access_key_repository.h"

#include <string_view>

#include "base/strings.h"
#include "pg/pool.h"

namespace mediarouter::vault {
namespace {

constexpr char kFind[] =
    "SELECT id, project_id, role FROM access_keys"
    " WHERE key_hash = ANY ($1::bytea[]) AND revoked_at IS NULL"
    "  AND (expires_at IS NULL OR expires_at > now())";

constexpr char kEnsureProject[] =
    "INSERT INTO projects (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";

// Several services may start at once: what decides on the set of keys takes turns.
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(hashtext('mediarouter vault access keys'))";

constexpr char kRevokeOthers[] =
    "WITH changed AS ("
    " UPDATE access_keys SET revoked_at = now()"
    " WHERE name = $1 AND revoked_at IS NULL AND key_hash <> ALL ($2::bytea[]) RETURNING id"
    ") INSERT INTO audit (actor, action, object, purpose, request_id)"
    " SELECT 'service', 'revoke', 'access_key/' || id, 'replaced', $3 FROM changed";

constexpr char kReuse[] =
    "UPDATE access_keys SET name = $1, project_id = $2, role = $3, revoked_at = NULL,"
    " expires_at = NULL WHERE key_hash = ANY ($4::bytea[]) RETURNING id";

constexpr char kInsert[] =
    "WITH made AS ("
    " INSERT INTO access_keys (id, project_id, name, role, key_hash, key_version)"
    " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"
    ") INSERT INTO audit (actor, action, object, purpose, request_id)"
    " SELECT 'service', 'create', 'access_key/' || id, $7, $8 FROM made";

constexpr char kAnyAdmin[] =
    "SELECT 1 FROM access_keys WHERE role = 'admin' AND revoked_at IS NULL"
    " AND (expires_at IS NULL OR expires_at > now()) LIMIT 1";

std::string NameOf(base::Role role) { return role == base::Role::kAdmin ? "admin" : "member"; }

base::Role RoleOf(std::string_view name) {
  return name == "admin" ? base::Role::kAdmin : base::Role::kMember;
}

std::string ByteaArray(const std::vector<std::string>& values) {
  std::vector<std::string> literals;
  for (const std::string& value : values) literals.push_back("\\x" + base::HexEncode(value));
  return pg::TextArray(literals);
}

void Insert(pg::Session& session, const base::CallContext& context, const NewAccessKey& key) {
  session.Exec(kInsert, key.id, key.project_id, key.name, NameOf(key.role),
               pqxx::binarystring(key.hash), static_cast<int>(key.key_version), key.name,
               context.request_id);
}

}  // namespace

absl::StatusOr<std::optional<base::Principal>> AccessKeyRepository::Find(
    const base::CallContext& context, const std::vector<std::string>& hashes) {
  using Found = absl::StatusOr<std::optional<base::Principal>>;
  return pool_.Read(context, [&](pg::Session& session) -> Found {
    const pqxx::result rows = session.Exec(kFind, ByteaArray(hashes));
    if (rows.empty()) return std::nullopt;
    return base::Principal{rows[0]["project_id"].as<std::string>(), rows[0]["id"].as<std::string>(),
                           RoleOf(rows[0]["role"].as<std::string>())};
  });
}

absl::Status AccessKeyRepository::EnsureProject(const base::CallContext& context,
                                                const std::string& id, const std::string& name) {
  return pool_.Autocommit(context, [&](pg::Session& session) {
    session.Exec(kEnsureProject, id, name);
    return absl::OkStatus();
  });
}

absl::Status AccessKeyRepository::Replace(const base::CallContext& context, const NewAccessKey& key,
                                          const std::vector<std::string>& hashes) {
  return pool_.Transact(context, [&](pg::Session& session) {
    session.Exec(kLock);
    session.Exec(kRevokeOthers, key.name, ByteaArray(hashes), context.request_id);
    const pqxx::result reused =
        session.Exec(kReuse, key.name, key.project_id, NameOf(key.role), ByteaArray(hashes));
    if (reused.empty()) Insert(session, context, key);
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> AccessKeyRepository::HasAdmin(const base::CallContext& context) {
  return pool_.Read(context, [](pg::Session& session) -> absl::StatusOr<bool> {
    return !session.Exec(kAnyAdmin).empty();
  });
}

absl::StatusOr<bool> AccessKeyRepository::InsertIfNoAdmin(const base::CallContext& context,
                                                          const NewAccessKey& key) {
  return pool_.Transact(context, [&](pg::Session& session) -> absl::StatusOr<bool> {
    session.Exec(kLock);
    if (!session.Exec(kAnyAdmin).empty()) return false;
    Insert(session, context, key);
    return true;
  });
}

}  // namespace mediarouter::vault
