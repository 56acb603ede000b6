#include "pg/migrator.h"

#include <pqxx/pqxx>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/status_macros.h"
#include "obs/log.h"
#include "pg/connect.h"
#include "pg/errors.h"

namespace mediarouter::pg {
namespace {

// A migration may run long, but it must not queue for ever behind somebody's open transaction.
constexpr char kSetUpSession[] = "SET statement_timeout = 0; SET lock_timeout = '60s'";

// Held by each transaction of the migrator: two of them on one schema take turns.
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(hashtextextended('mediarouter:' || $1, 0))";

// CREATE SCHEMA IF NOT EXISTS wants CREATE on the database even when there is nothing to do.
constexpr char kSchemaExists[] = "SELECT 1 FROM pg_namespace WHERE nspname = $1";

constexpr char kVersionTable[] = R"(
  CREATE TABLE IF NOT EXISTS schema_version (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()))";

constexpr char kRole[] = R"(
  SELECT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may_create,
         EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS present)";

constexpr char kIsMember[] = R"(
  SELECT EXISTS (
    SELECT 1 FROM pg_auth_members m
    JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
    WHERE r.rolname = $1 AND u.rolname = current_user)
    OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))";

absl::StatusOr<std::unique_ptr<pqxx::connection>> Open(const std::string& url) {
  MR_ASSIGN_OR_RETURN(const std::string text,
                      ConnectionString(url, {.application_name = "mediarouter-migrate"}));
  return Connect(text);
}

// One transaction: the next step that is due. False when there is none.
bool ApplyNext(pqxx::connection& connection, const std::string& schema,
               std::span<const Migration> migrations) {
  pqxx::work transaction(connection);
  transaction.exec("SELECT 1");  // opens the transaction block before the first parameterized call
  transaction.exec_params(kLock, schema);
  const std::string quoted = connection.quote_name(schema);
  if (transaction.exec_params(kSchemaExists, schema).empty()) {
    transaction.exec("CREATE SCHEMA " + quoted);
  }
  transaction.exec("SET LOCAL search_path TO " + quoted);
  transaction.exec(kVersionTable);
  const auto version = transaction.exec1("SELECT COALESCE(max(version), 0) FROM schema_version")[0]
                           .as<std::size_t>();
  if (version >= migrations.size()) {
    transaction.commit();
    return false;
  }
  const Migration& next = migrations[version];
  transaction.exec(next.sql);
  // A step may have changed the path for itself.
  transaction.exec("SET LOCAL search_path TO " + quoted);
  transaction.exec_params("INSERT INTO schema_version (version, name) VALUES ($1, $2)",
                          next.version, next.name);
  transaction.commit();
  obs::Log(obs::Level::kInfo, "schema migrated", {{"schema", schema}, {"step", next.name}});
  return true;
}

// What gives the confined role its schema, its rows and nothing else.
std::vector<std::string> Grants(const std::string& schema, const std::string& role) {
  const std::string tables = "SELECT, INSERT, UPDATE, DELETE ON ";
  return {
      fmt::format("GRANT USAGE ON SCHEMA {} TO {}", schema, role),
      fmt::format("GRANT {}ALL TABLES IN SCHEMA {} TO {}", tables, schema, role),
      fmt::format("GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {} TO {}", schema, role),
      fmt::format("ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT {}TABLES TO {}", schema, tables,
                  role),
      fmt::format("ALTER DEFAULT PRIVILEGES IN SCHEMA {} "
                  "GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {}",
                  schema, role),
  };
}

// Sets the role up where the login may. False when an administrator has to.
bool MakeRole(pqxx::connection& connection, const std::string& schema, const std::string& role,
              const std::string& create, const std::string& join,
              const std::vector<std::string>& grants) {
  pqxx::work transaction(connection);
  transaction.exec("SELECT 1");
  transaction.exec_params(kLock, schema);
  const pqxx::row facts = transaction.exec_params1(kRole, role);
  const bool present = facts["present"].as<bool>();
  if (!present && !facts["may_create"].as<bool>()) return false;
  if (!present) transaction.exec(create);
  if (!transaction.exec_params1(kIsMember, role)[0].as<bool>()) transaction.exec(join);
  for (const std::string& grant : grants) transaction.exec(grant);
  transaction.commit();
  return true;
}

// Confinement is a second fence, not a condition: where the login may not make roles, the service
// runs as the login and the log says what an administrator can do.
void Confine(pqxx::connection& connection, const std::string& schema) {
  const std::string role = SchemaRole(schema);
  const std::string quoted_role = connection.quote_name(role);
  const std::string create = fmt::format("CREATE ROLE {} NOLOGIN", quoted_role);
  const std::string join = fmt::format("GRANT {} TO CURRENT_USER", quoted_role);
  const std::vector<std::string> grants = Grants(connection.quote_name(schema), quoted_role);
  // Roles belong to the whole server and advisory locks to one database: a migrator of another
  // database may be making the same role, so a failure is tried again.
  std::string error;
  for (int tries = 0; tries < 3; ++tries) {
    try {
      if (MakeRole(connection, schema, role, create, join, grants)) return;
      error.clear();
      break;
    } catch (const std::exception& e) {
      error = base::Describe(StatusFromException(e));
    }
  }
  std::string todo = fmt::format("{}; GRANT {} TO {}; ", create, quoted_role,
                                 connection.quote_name(connection.username()));
  for (const std::string& grant : grants) todo += grant + "; ";
  obs::Log(obs::Level::kWarn, "an administrator can confine this service to its schema",
           {{"schema", schema}, {"sql", todo}, {"error", error}});
}

absl::StatusOr<int> ReadVersion(const std::string& url, const std::string& schema) {
  try {
    MR_ASSIGN_OR_RETURN(const auto connection, Open(url));
    pqxx::nontransaction transaction(*connection);
    const std::string table = connection->quote_name(schema) + ".schema_version";
    if (transaction.exec_params1("SELECT to_regclass($1)", table)[0].is_null()) return 0;
    return transaction.exec1("SELECT COALESCE(max(version), 0) FROM " + table)[0].as<int>();
  } catch (const std::exception& error) {
    return StatusFromException(error);
  }
}

}  // namespace

absl::Status Migrate(const std::string& url, std::string_view schema,
                     std::span<const Migration> migrations) {
  const std::string name(schema);
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version != static_cast<int>(i) + 1) {
      return base::Internal("bad_migrations", "step {} of schema {} has version {}", i + 1, name,
                            migrations[i].version);
    }
  }
  try {
    MR_ASSIGN_OR_RETURN(const auto connection, Open(url));
    pqxx::nontransaction(*connection).exec(kSetUpSession);
    while (ApplyNext(*connection, name, migrations)) {
    }
    Confine(*connection, name);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return StatusFromException(error);
  }
}

absl::Status CheckSchema(const std::string& url, std::string_view schema, int min_compatible,
                         std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPause{100};
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (true) {
    const absl::StatusOr<int> version = ReadVersion(url, std::string(schema));
    if (version.ok() && *version >= min_compatible) return absl::OkStatus();
    if (std::chrono::steady_clock::now() + kPause >= give_up) {
      if (!version.ok()) return version.status();
      return base::FailedPrecondition(
          "schema_too_old", "schema {} is at version {}, this service needs {}: run the migrations",
          schema, *version, min_compatible);
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace mediarouter::pg
