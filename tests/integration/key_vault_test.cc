// key-vault as a whole: its gRPC services over an in-process channel, on a real Postgres.
#include <grpcpp/channel.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "mediarouter/vault/v1/access_key_service.grpc.pb.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "rpc/sync_call.h"
#include "support/pg_fixture.h"
#include "support/status_matchers.h"
#include "vault/access_key_service.h"
#include "vault/app.h"

namespace mediarouter::vault {
namespace {

using absl::StatusCode;
using google::protobuf::Empty;
using mediarouter::testing::PgFixture;
using KeyStub = v1::ProviderKeyService::Stub;
using AccessStub = v1::AccessKeyService::Stub;

const std::string kMasterKey(32, 'm');
const std::string kNewMasterKey(32, 'n');
const std::string kAdminKey = "an-admin-key-of-the-operator-0123456789";
constexpr char kSecret[] = "sk-proj-very-secret-0123456789-wxyz";

base::CallContext Call() {
  return base::CallContext::Background("req_test", std::chrono::seconds(20));
}

absl::StatusOr<std::unique_ptr<App>> StartApp(const PgFixture& database,
                                              const std::string& master_key = kMasterKey,
                                              const std::string& admin_key = "") {
  Config config;
  config.database_url = base::SecretString(database.url());
  config.database_pool_size = 4;
  config.encryption_key = base::SecretString(master_key);
  config.admin_key = base::SecretString(admin_key);
  return App::Start(config);
}

// The running service and what its clients do.
class Vault {
 public:
  explicit Vault(const PgFixture& database, const std::string& master_key = kMasterKey,
                 const std::string& admin_key = "") {
    auto started = StartApp(database, master_key, admin_key);
    REQUIRE_OK(started);
    app = *std::move(started);
    keys = v1::ProviderKeyService::NewStub(app->channel());
    access = v1::AccessKeyService::NewStub(app->channel());
  }

  absl::StatusOr<v1::ProviderKey> Create(const std::string& request_id,
                                         const std::string& secret = kSecret,
                                         const std::string& provider = "openai",
                                         const std::string& name = "mine") const {
    v1::CreateProviderKeyRequest request;
    request.set_provider(provider);
    request.set_secret(secret);
    request.set_name(name);
    request.set_request_id(request_id);
    return rpc::SyncCall<v1::ProviderKey>(*keys, &KeyStub::CreateProviderKey, Call(), request);
  }

  std::int64_t CreatedId(const std::string& request_id, const std::string& secret = kSecret) const {
    const auto key = Create(request_id, secret);
    REQUIRE_OK(key);
    return key->id();
  }

  absl::StatusOr<v1::ProviderKey> Get(std::int64_t id) const {
    v1::GetProviderKeyRequest request;
    request.set_id(id);
    return rpc::SyncCall<v1::ProviderKey>(*keys, &KeyStub::GetProviderKey, Call(), request);
  }

  absl::StatusOr<v1::ListProviderKeysResponse> List(
      const v1::ListProviderKeysRequest& request) const {
    return rpc::SyncCall<v1::ListProviderKeysResponse>(*keys, &KeyStub::ListProviderKeys, Call(),
                                                       request);
  }

  absl::StatusOr<v1::ProviderKey> SetStatus(std::int64_t id, v1::ProviderKeyStatus status) const {
    v1::SetProviderKeyStatusRequest request;
    request.set_id(id);
    request.set_status(status);
    return rpc::SyncCall<v1::ProviderKey>(*keys, &KeyStub::SetProviderKeyStatus, Call(), request);
  }

  absl::Status Delete(std::int64_t id) const {
    v1::DeleteProviderKeyRequest request;
    request.set_id(id);
    return rpc::SyncCall<Empty>(*keys, &KeyStub::DeleteProviderKey, Call(), request).status();
  }

  absl::Status Destroy(std::int64_t id) const {
    v1::DestroyProviderKeySecretRequest request;
    request.set_id(id);
    return rpc::SyncCall<Empty>(*keys, &KeyStub::DestroyProviderKeySecret, Call(), request)
        .status();
  }

  absl::StatusOr<v1::AccessProviderKeyResponse> Access(std::int64_t id,
                                                       const std::string& purpose = "generate",
                                                       const std::string& holder = "wrk_1") const {
    v1::AccessProviderKeyRequest request;
    request.set_id(id);
    request.set_purpose(purpose);
    request.set_holder(holder);
    return rpc::SyncCall<v1::AccessProviderKeyResponse>(*keys, &KeyStub::AccessProviderKey, Call(),
                                                        request);
  }

  absl::StatusOr<common::v1::Principal> Authenticate(const std::string& access_key) const {
    v1::AuthenticateAccessKeyRequest request;
    request.set_access_key(access_key);
    auto response = rpc::SyncCall<v1::AuthenticateAccessKeyResponse>(
        *access, &AccessStub::AuthenticateAccessKey, Call(), request);
    if (!response.ok()) return response.status();
    return response->principal();
  }

  std::unique_ptr<App> app;
  std::unique_ptr<KeyStub> keys;
  std::unique_ptr<AccessStub> access;
};

// One statement of the test's own; its rows as text, columns joined by "|".
std::vector<std::string> Sql(PgFixture& database, const std::string& statement) {
  using Rows = absl::StatusOr<std::vector<std::string>>;
  const Rows rows = database.pool().Autocommit(Call(), [&](pg::Session& session) -> Rows {
    std::vector<std::string> lines;
    for (const pqxx::row& row : session.Exec(statement.c_str())) {
      std::string line;
      for (const pqxx::field& field : row) {
        if (!line.empty()) line += '|';
        line += field.c_str();
      }
      lines.push_back(std::move(line));
    }
    return lines;
  });
  REQUIRE_OK(rows);
  return *rows;
}

absl::Status TrySql(PgFixture& database, const std::string& statement) {
  return database.pool().Autocommit(Call(), [&](pg::Session& session) {
    session.Exec(statement.c_str());
    return absl::OkStatus();
  });
}

std::vector<std::int64_t> Ids(const absl::StatusOr<v1::ListProviderKeysResponse>& page) {
  REQUIRE_OK(page);
  std::vector<std::int64_t> ids;
  for (const v1::ProviderKey& key : page->provider_keys()) ids.push_back(key.id());
  return ids;
}

using IdList = std::vector<std::int64_t>;

TEST_CASE("a provider key is stored and read back without its secret", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  const auto created = vault.Create("req-1");
  REQUIRE_OK(created);
  CHECK(created->id() > 0);
  CHECK(created->provider() == "openai");
  CHECK(created->name() == "mine");
  CHECK(created->status() == v1::PROVIDER_KEY_STATUS_ACTIVE);
  CHECK(created->preview() == "sk-...wxyz");
  CHECK(created->create_time().seconds() > 1'700'000'000);
  CHECK(created->has_validate_time());
  const auto got = vault.Get(created->id());
  REQUIRE_OK(got);
  CHECK(got->SerializeAsString() == created->SerializeAsString());
  CHECK_FAILS(vault.Get(created->id() + 1), StatusCode::kNotFound, "key_not_found");
  CHECK_FAILS(vault.Get(-1), StatusCode::kNotFound, "key_not_found");
}

TEST_CASE("one request id makes one key", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);

  SECTION("asked again") {
    CHECK(vault.CreatedId("req-1") == vault.CreatedId("req-1"));
    CHECK(vault.CreatedId("req-2") != vault.CreatedId("req-1"));
  }
  SECTION("asked at the same time") {
    std::vector<absl::StatusOr<v1::ProviderKey>> answers(8);
    {
      std::vector<std::jthread> callers;
      for (auto& answer : answers) {
        callers.emplace_back([&] { answer = vault.Create("req-1"); });
      }
    }
    for (const auto& answer : answers) {
      REQUIRE_OK(answer);
      CHECK(answer->id() == answers.front()->id());
    }
  }
  SECTION("but not another key") {
    REQUIRE_OK(vault.Create("req-1"));
    CHECK_FAILS(vault.Create("req-1", "another-secret-0123456789"), StatusCode::kAlreadyExists,
                "request_id_reused");
    CHECK_FAILS(vault.Create("req-1", kSecret, "runway"), StatusCode::kAlreadyExists,
                "request_id_reused");
  }
  const bool two = Sql(database, "SELECT count(*) FROM provider_keys").front() == "2";
  CHECK(Sql(database, "SELECT count(*) FROM audit WHERE action = 'create'").front() ==
        (two ? "2" : "1"));
}

TEST_CASE("what cannot be a key is refused by the parameter's name", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  for (const std::string& secret :
       {std::string(), std::string("has space"), std::string("line\nbreak"), std::string("end\n"),
        std::string("tab\t"), std::string(1, '\0'), std::string("caf\xc3\xa9"),
        std::string(4097, 'x')}) {
    const auto refused = vault.Create("req-1", secret);
    CHECK_FAILS(refused, StatusCode::kInvalidArgument, "invalid_api_key_format");
    CHECK(base::Param(refused.status()) == "api_key");
  }
  const auto refused = vault.Create("req-1", kSecret, "Open AI");
  CHECK_FAILS(refused, StatusCode::kInvalidArgument, "invalid_provider");
  CHECK(base::Param(refused.status()) == "provider");
  CHECK_FAILS(vault.Create("req-1", kSecret, ""), StatusCode::kInvalidArgument, "invalid_provider");
  CHECK_FAILS(vault.Create(""), StatusCode::kInvalidArgument, "missing_parameter");
  CHECK_FAILS(vault.Create("req-1", kSecret, "openai", "a\nb"), StatusCode::kInvalidArgument,
              "invalid_name");
  CHECK_FAILS(vault.Create("req-1", kSecret, "openai", std::string(201, 'n')),
              StatusCode::kInvalidArgument, "invalid_name");
  CHECK_OK(vault.Create("req-2", std::string(4096, 'x')));
}

TEST_CASE("keys are listed by id, page by page", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  IdList ids;
  for (int i = 0; i < 5; ++i) ids.push_back(vault.CreatedId("req-" + std::to_string(i)));
  const auto runway = vault.Create("req-runway", kSecret, "runway");
  REQUIRE_OK(runway);

  v1::ListProviderKeysRequest request;
  CHECK(Ids(vault.List(request)).size() == 6);
  request.set_provider("openai");
  request.set_page_size(2);
  IdList seen;
  for (int page = 0; page < 3; ++page) {
    const auto answer = vault.List(request);
    for (const std::int64_t id : Ids(answer)) seen.push_back(id);
    CHECK(answer->next_page_token().empty() == (page == 2));
    request.set_page_token(answer->next_page_token());
  }
  CHECK(seen == ids);

  request.Clear();
  request.set_provider("runway");
  CHECK(Ids(vault.List(request)) == IdList{runway->id()});
  request.set_page_size(-1);
  CHECK_FAILS(vault.List(request), StatusCode::kInvalidArgument, "invalid_page_size");
  request.set_page_size(1001);
  CHECK_FAILS(vault.List(request), StatusCode::kInvalidArgument, "invalid_page_size");
  request.set_page_size(1);
  request.set_page_token("x");
  CHECK_FAILS(vault.List(request), StatusCode::kInvalidArgument, "invalid_page_token");
}

TEST_CASE("a verdict changes the status and its time", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  const auto created = vault.Create("req-1");
  REQUIRE_OK(created);
  for (const auto status : {v1::PROVIDER_KEY_STATUS_INVALID, v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED,
                            v1::PROVIDER_KEY_STATUS_ACTIVE}) {
    const auto changed = vault.SetStatus(created->id(), status);
    REQUIRE_OK(changed);
    CHECK(changed->status() == status);
    CHECK(changed->validate_time().SerializeAsString() !=
          created->validate_time().SerializeAsString());
  }
  for (const auto status : {v1::PROVIDER_KEY_STATUS_UNSPECIFIED, v1::PROVIDER_KEY_STATUS_REVOKED,
                            static_cast<v1::ProviderKeyStatus>(99)}) {
    CHECK_FAILS(vault.SetStatus(created->id(), status), StatusCode::kInvalidArgument,
                "invalid_status");
  }
  CHECK_FAILS(vault.SetStatus(created->id() + 1, v1::PROVIDER_KEY_STATUS_ACTIVE),
              StatusCode::kNotFound, "key_not_found");
}

TEST_CASE("a key's end: revoked, still open, destroyed", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  const std::int64_t id = vault.CreatedId("req-1");
  v1::ListProviderKeysRequest with_revoked;
  with_revoked.set_show_revoked(true);

  CHECK_FAILS(vault.Destroy(id), StatusCode::kFailedPrecondition, "key_not_revoked");
  REQUIRE_OK(vault.Delete(id));
  CHECK_FAILS(vault.Delete(id), StatusCode::kNotFound, "key_not_found");
  CHECK(Ids(vault.List({})).empty());
  CHECK(Ids(vault.List(with_revoked)) == IdList{id});

  // Open generations still need the secret, and no verdict revives the key.
  const auto opened = vault.Access(id);
  REQUIRE_OK(opened);
  CHECK(opened->secret() == kSecret);
  const auto judged = vault.SetStatus(id, v1::PROVIDER_KEY_STATUS_ACTIVE);
  REQUIRE_OK(judged);
  CHECK(judged->status() == v1::PROVIDER_KEY_STATUS_REVOKED);

  CHECK_OK(vault.Destroy(id));
  CHECK_OK(vault.Destroy(id));
  CHECK_FAILS(vault.Access(id), StatusCode::kNotFound, "key_not_found");
  CHECK(Ids(vault.List(with_revoked)).empty());
  CHECK(
      Sql(database, "SELECT ciphertext IS NULL AND wrapped_data_key IS NULL FROM provider_keys") ==
      std::vector<std::string>{"t"});
  const auto got = vault.Get(id);
  REQUIRE_OK(got);
  CHECK(got->status() == v1::PROVIDER_KEY_STATUS_REVOKED);

  CHECK_FAILS(vault.Delete(id + 1), StatusCode::kNotFound, "key_not_found");
  CHECK_FAILS(vault.Destroy(id + 1), StatusCode::kNotFound, "key_not_found");
}

TEST_CASE("no plaintext leaves without an audit row", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  const std::int64_t id = vault.CreatedId("req-1");
  const std::string object = "provider_key/" + std::to_string(id);

  const auto opened = vault.Access(id, "validate", "wrk_7");
  REQUIRE_OK(opened);
  CHECK(opened->secret() == kSecret);
  CHECK(opened->provider() == "openai");
  REQUIRE_OK(vault.Delete(id));
  REQUIRE_OK(vault.Destroy(id));
  CHECK_FAILS(vault.Access(id), StatusCode::kNotFound, "key_not_found");
  CHECK_FAILS(vault.Access(id, ""), StatusCode::kInvalidArgument, "missing_parameter");
  CHECK_FAILS(vault.Access(id, "generate", ""), StatusCode::kInvalidArgument, "missing_parameter");

  CHECK(Sql(database,
            "SELECT action, actor, object, purpose, request_id FROM audit WHERE object LIKE "
            "'provider_key/%' ORDER BY id") ==
        std::vector<std::string>{
            "create|service|" + object + "|store|req_test",
            "access|wrk_7|" + object + "|validate|req_test",
            "revoke|service|" + object + "|delete|req_test",
            "destroy|service|" + object + "|last open generation closed|req_test"});
  for (const char* change : {"UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"}) {
    CHECK_FALSE(TrySql(database, change).ok());
  }
}

TEST_CASE("an envelope that was moved to another row does not open", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  const std::int64_t ours = vault.CreatedId("req-1");
  const std::int64_t theirs = vault.CreatedId("req-2", "another-secret-0123456789");
  Sql(database,
      "UPDATE provider_keys t SET ciphertext = s.ciphertext, wrapped_data_key = s.wrapped_data_key"
      " FROM provider_keys s WHERE t.id = " +
          std::to_string(theirs) + " AND s.id = " + std::to_string(ours) + " RETURNING t.id");
  const auto opened = vault.Access(theirs);
  CHECK_FAILS(opened, StatusCode::kDataLoss, "cannot_decrypt");
  CHECK_OK(vault.Access(ours));
  // Nor in the same row under another provider's name, whose server would be sent the secret.
  Sql(database, "UPDATE provider_keys SET provider = 'other' WHERE id = " + std::to_string(ours) +
                    " RETURNING id");
  CHECK_FAILS(vault.Access(ours), StatusCode::kDataLoss, "cannot_decrypt");
}

TEST_CASE("the database holds no secret in any form", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database, kMasterKey, kAdminKey);
  const std::int64_t id = vault.CreatedId("req-1");
  REQUIRE_OK(vault.Access(id));
  REQUIRE_OK(vault.Authenticate(kAdminKey));
  int rows = 0;
  for (const std::string& table :
       Sql(database,
           "SELECT table_name FROM information_schema.tables WHERE table_schema = 'vault'")) {
    for (const std::string& row : Sql(database, "SELECT t::text FROM " + table + " t")) {
      ++rows;
      for (const std::string& secret : {std::string(kSecret), kAdminKey, kMasterKey}) {
        CHECK(row.find(secret) == std::string::npos);
        CHECK(row.find(base::HexEncode(secret)) == std::string::npos);
        CHECK(row.find(base::Base64Encode(secret).substr(0, 20)) == std::string::npos);
      }
    }
  }
  CHECK(rows >= 6);
}

TEST_CASE("a rotated master key opens the old and seals the new", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  std::int64_t old = 0;
  {
    const Vault vault(database, kMasterKey, kAdminKey);
    old = vault.CreatedId("req-1");
  }
  std::int64_t fresh = 0;
  {
    const Vault vault(database, "2:" + kNewMasterKey + ",1:" + kMasterKey, kAdminKey);
    fresh = vault.CreatedId("req-2");
    CHECK_OK(vault.Access(old));
    CHECK_OK(vault.Access(fresh));
    CHECK_OK(vault.Authenticate(kAdminKey));
  }
  CHECK(Sql(database, "SELECT key_version FROM provider_keys ORDER BY id") ==
        std::vector<std::string>{"1", "2"});
  CHECK(Sql(database, "SELECT count(*) FROM access_keys") == std::vector<std::string>{"1"});
  const Vault vault(database, "2:" + kNewMasterKey);
  CHECK_OK(vault.Access(fresh));
  CHECK_FAILS(vault.Access(old), StatusCode::kInternal, "unknown_key_version");
}

TEST_CASE("a vault does not start with another master key than its database's", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  { const Vault vault(database); }
  CHECK_FAILS(StartApp(database, kNewMasterKey), StatusCode::kFailedPrecondition,
              "wrong_encryption_key");
  CHECK_OK(StartApp(database));
}

TEST_CASE("the configured admin key authenticates until another takes its place", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const std::string other(32, '#');
  std::string first_id;
  {
    const Vault vault(database, kMasterKey, kAdminKey);
    const auto who = vault.Authenticate(kAdminKey);
    REQUIRE_OK(who);
    CHECK(who->project_id() == kDefaultProject);
    CHECK(who->role() == common::v1::ROLE_ADMIN);
    first_id = who->access_key_id();
    CHECK_FALSE(vault.app->first_admin_key().has_value());
    for (const std::string& wrong : {std::string(), kAdminKey + " ", kAdminKey.substr(1),
                                     std::string(600, 'x'), std::string(1, '\0')}) {
      CHECK_FAILS(vault.Authenticate(wrong), StatusCode::kUnauthenticated, "invalid_api_key");
    }
  }
  {
    const Vault vault(database, kMasterKey, kAdminKey);
    CHECK(vault.Authenticate(kAdminKey)->access_key_id() == first_id);
  }
  {
    const Vault vault(database, kMasterKey, other);
    CHECK_OK(vault.Authenticate(other));
    CHECK_FAILS(vault.Authenticate(kAdminKey), StatusCode::kUnauthenticated, "invalid_api_key");
  }
  {
    const Vault vault(database, kMasterKey, kAdminKey);
    CHECK(vault.Authenticate(kAdminKey)->access_key_id() == first_id);
    CHECK_FAILS(vault.Authenticate(other), StatusCode::kUnauthenticated, "invalid_api_key");
  }
  CHECK(Sql(database, "SELECT count(*) FROM access_keys WHERE revoked_at IS NULL") ==
        std::vector<std::string>{"1"});
}

TEST_CASE("revoked and expired access keys do not authenticate", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database, kMasterKey, kAdminKey);
  REQUIRE_OK(vault.Authenticate(kAdminKey));
  const auto [change, usable] =
      GENERATE(table<std::string, bool>({{"revoked_at = now()", false},
                                         {"expires_at = now() - interval '1 second'", false},
                                         {"expires_at = now() + interval '1 hour'", true}}));
  Sql(database, "UPDATE access_keys SET " + change + " RETURNING id");
  CHECK(vault.Authenticate(kAdminKey).ok() == usable);
}

TEST_CASE("a first admin key is made once, when there is none", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  CHECK_FALSE(vault.app->has_admin_key());
  const auto key = vault.app->first_admin_key();
  REQUIRE(key.has_value());
  CHECK(vault.app->has_admin_key());
  const std::string plaintext(key->Reveal());
  CHECK(plaintext.starts_with("mr_"));
  CHECK(plaintext.size() == 3 + 43);
  const auto who = vault.Authenticate(plaintext);
  REQUIRE_OK(who);
  CHECK(who->role() == common::v1::ROLE_ADMIN);
  CHECK_FALSE(vault.app->first_admin_key().has_value());
  {
    const Vault again(database);
    CHECK_FALSE(again.app->first_admin_key().has_value());
    CHECK_OK(again.Authenticate(plaintext));
  }
  // With the last admin key gone there is a way back in.
  Sql(database, "UPDATE access_keys SET revoked_at = now() RETURNING id");
  CHECK(vault.app->first_admin_key().has_value());
}

TEST_CASE("two vaults that start at once make one first admin key", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault one(database);
  const Vault two(database);
  std::vector<std::optional<base::SecretString>> made(4);
  {
    std::vector<std::jthread> starts;
    for (std::size_t i = 0; i < made.size(); ++i) {
      starts.emplace_back([&, i] { made[i] = (i % 2 == 0 ? one : two).app->first_admin_key(); });
    }
  }
  int count = 0;
  for (const auto& key : made) count += key.has_value();
  CHECK(count == 1);
}

TEST_CASE("a vault may be stopped again", "[key_vault]") {
  PgFixture database(kSchema, Migrations());
  const Vault vault(database);
  vault.app->Stop(std::chrono::seconds(1));
  vault.app->Stop(std::chrono::seconds(1));
}

}  // namespace
}  // namespace mediarouter::vault
