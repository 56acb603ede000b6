#include <absl/cleanup/cleanup.h>
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "pg/errors.h"
#include "support/pg_fixture.h"
#include "support/status_matchers.h"

namespace mediarouter {
namespace {

using base::CallContext;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::PgFixture;

constexpr pg::Migration kSteps[] = {
    {1, "0001_init", "CREATE TABLE things (id bigint PRIMARY KEY, name text, data bytea);"},
    {2, "0002_more",
     "ALTER TABLE things ADD COLUMN size integer CHECK (size > 0);"
     "CREATE TABLE parts (id serial PRIMARY KEY)"},
};

CallContext Soon() { return CallContext::Background("test", seconds(10)); }

pg::PoolConfig ConfigOf(const PgFixture& fixture) {
  return {.url = fixture.url(), .application_name = "mediarouter-test", .schema = "shop"};
}

absl::Status Insert(pg::Session& session, int id) {
  session.Exec("INSERT INTO things (id, name) VALUES ($1, $2)", id, std::string("thing"));
  return absl::OkStatus();
}

absl::StatusOr<int> CountThings(pg::Pool& pool) {
  return pool.Read(Soon(), [](pg::Session& session) -> absl::StatusOr<int> {
    return session.Exec("SELECT count(*) FROM things")[0][0].as<int>();
  });
}

TEST_CASE("parameters and columns keep their values, NULL among them") {
  PgFixture fixture("shop", kSteps);
  const std::optional<std::string> none;
  const std::optional<std::int64_t> seven = 7;
  const std::string bytes("\0\x01\xff", 3);
  const auto inserted = fixture.pool().Autocommit(Soon(), [&](pg::Session& session) {
    constexpr char kInsert[] = "INSERT INTO things (id, name, size, data) VALUES ($1, $2, $3, $4)";
    session.Exec(kInsert, 1, none, seven, pqxx::binarystring(bytes));
    session.Exec(kInsert, 2, std::optional<std::string>("two"), nullptr, nullptr);
    return absl::OkStatus();
  });
  REQUIRE_OK(inserted);
  const auto read = fixture.pool().Read(Soon(), [&](pg::Session& session) {
    const auto rows = session.Exec("SELECT * FROM things WHERE id = ANY($1::bigint[]) ORDER BY id",
                                   pg::TextArray({"1", "2"}));
    REQUIRE(rows.size() == 2);
    CHECK_FALSE(rows[0]["name"].get<std::string>().has_value());
    CHECK(rows[0]["size"].get<std::int64_t>() == 7);
    CHECK(pqxx::binarystring(rows[0]["data"]).str() == bytes);
    CHECK(rows[1]["name"].as<std::string>() == "two");
    CHECK(rows[1]["size"].is_null());
    return absl::OkStatus();
  });
  CHECK_OK(read);
}

TEST_CASE("a text array survives quotes, backslashes, commas and NULL in words") {
  PgFixture fixture("shop", kSteps);
  const std::vector<std::string> values = {"a", "", "\"q\"", "b\\c", "x,y", "{}", "NULL", "é"};
  const auto count = fixture.pool().Read(Soon(), [&](pg::Session& session) -> absl::StatusOr<int> {
    const auto rows = session.Exec("SELECT unnest($1::text[])", pg::TextArray(values));
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(rows[static_cast<int>(i)][0].as<std::string>() == values[i]);
    }
    return static_cast<int>(rows.size());
  });
  REQUIRE_OK(count);
  CHECK(*count == static_cast<int>(values.size()));
  CHECK(pg::TextArray({}) == "{}");
}

TEST_CASE("a transaction commits on OK and rolls back on a failed status or an error") {
  PgFixture fixture("shop", kSteps);
  pg::Pool& pool = fixture.pool();
  CHECK_OK(pool.Transact(Soon(), [](pg::Session& session) { return Insert(session, 1); }));

  CHECK_FAILS(pool.Transact(Soon(),
                            [](pg::Session& session) -> absl::Status {
                              (void)Insert(session, 2);
                              return base::NotFound("no_such_thing", "changed my mind");
                            }),
              absl::StatusCode::kNotFound, "no_such_thing");
  CHECK_FAILS(pool.Transact(Soon(),
                            [](pg::Session& session) {
                              (void)Insert(session, 3);
                              return Insert(session, 1);
                            }),
              absl::StatusCode::kAlreadyExists, "already_exists");
  // Caught inside: libpqxx's own commit would lose the row and report success.
  CHECK_FAILS(pool.Transact(Soon(),
                            [](pg::Session& session) {
                              (void)Insert(session, 4);
                              try {
                                return Insert(session, 1);
                              } catch (const std::exception&) {
                                return absl::OkStatus();
                              }
                            }),
              absl::StatusCode::kInternal, "database_error");
  CHECK(*CountThings(pool) == 1);
}

TEST_CASE("SQL errors become statuses that name the constraint and no values") {
  PgFixture fixture("shop", kSteps);
  const auto run = [&](const char* sql) {
    return fixture.pool().Autocommit(Soon(), [&](pg::Session& session) {
      session.Exec(sql);
      return absl::OkStatus();
    });
  };
  REQUIRE_OK(run("INSERT INTO things (id) VALUES (4711)"));
  const absl::Status twice = run("INSERT INTO things (id) VALUES (4711) ");
  CHECK_FAILS(twice, absl::StatusCode::kAlreadyExists, "already_exists");
  CHECK(base::Message(twice).find("things_pkey") != std::string_view::npos);
  CHECK(base::Message(twice).find("4711") == std::string_view::npos);

  const absl::Status bad = run("SELECT ('secret' || id)::integer FROM things");
  CHECK_FAILS(bad, absl::StatusCode::kInternal, "database_error");
  CHECK(base::Message(bad).find("secret") == std::string_view::npos);

  CHECK_FAILS(run("INSERT INTO things (id, size) VALUES (5, -1)"), absl::StatusCode::kInternal,
              "database_error");
  CHECK_FAILS(run("SELECT no_such_function()"), absl::StatusCode::kInternal, "database_error");
  CHECK_OK(run("SELECT 1"));
}

TEST_CASE("a statement that takes too long is ended by the server") {
  PgFixture fixture("shop", kSteps);
  pg::PoolConfig config = ConfigOf(fixture);
  config.statement_timeout = milliseconds(50);
  pg::Pool pool(config);
  CHECK_FAILS(pool.Autocommit(Soon(),
                              [](pg::Session& session) {
                                session.Exec("SELECT pg_sleep(30)");
                                return absl::OkStatus();
                              }),
              absl::StatusCode::kDeadlineExceeded, "database_timeout");
  CHECK_OK(pool.Ping(Soon()));
}

TEST_CASE("transactions that collide are told to try again") {
  PgFixture fixture("shop", kSteps);
  pg::Pool& pool = fixture.pool();
  REQUIRE_OK(pool.Autocommit(Soon(), [](pg::Session& session) { return Insert(session, 1); }));
  const absl::Status status = pool.Transact(Soon(), [&](pg::Session& session) {
    session.Exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    session.Exec("SELECT * FROM things");
    CHECK_OK(pool.Autocommit(Soon(), [](pg::Session& other) {
      other.Exec("UPDATE things SET name = 'other'");
      return absl::OkStatus();
    }));
    session.Exec("UPDATE things SET name = 'mine'");
    return absl::OkStatus();
  });
  CHECK_FAILS(status, absl::StatusCode::kAborted, "conflict");
}

TEST_CASE("a call without time left or without a caller does not reach the database") {
  PgFixture fixture("shop", kSteps);
  bool ran = false;
  const auto work = [&](pg::Session&) {
    ran = true;
    return absl::OkStatus();
  };
  CHECK_FAILS(fixture.pool().Autocommit(CallContext::Background("late", milliseconds(-1)), work),
              absl::StatusCode::kDeadlineExceeded, "deadline_exceeded");
  CallContext gone = Soon();
  gone.cancelled = [] { return true; };
  CHECK_FAILS(fixture.pool().Autocommit(gone, work), absl::StatusCode::kCancelled, "cancelled");
  CHECK_FALSE(ran);
}

TEST_CASE("a full pool makes a caller wait, but not longer than it may") {
  PgFixture fixture("shop", kSteps);
  pg::PoolConfig config = ConfigOf(fixture);
  config.size = 1;
  pg::Pool pool(config);
  const absl::Status outer = pool.Read(Soon(), [&](pg::Session&) {
    const auto start = std::chrono::steady_clock::now();
    const absl::Status inner = pool.Ping(CallContext::Background("test", milliseconds(50)));
    CHECK(std::chrono::steady_clock::now() - start < seconds(3));
    CHECK_FAILS(inner, absl::StatusCode::kUnavailable, "database_busy");
    CHECK(base::RetryAfter(inner) == seconds(1));
    return absl::OkStatus();
  });
  CHECK_OK(outer);

  SECTION("one that waits gets the connection when it is free") {
    std::mutex mutex;
    std::condition_variable started;
    bool holding = false;
    std::thread holder([&] {
      (void)pool.Read(Soon(), [&](pg::Session& session) {
        {
          const std::lock_guard lock(mutex);
          holding = true;
        }
        started.notify_one();
        session.Exec("SELECT pg_sleep(0.05)");
        return absl::OkStatus();
      });
    });
    std::unique_lock lock(mutex);
    started.wait(lock, [&] { return holding; });
    CHECK_OK(pool.Ping(Soon()));
    holder.join();
  }
}

TEST_CASE("many threads share few connections") {
  PgFixture fixture("shop", kSteps);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const absl::Status status = fixture.pool().Transact(
            Soon(), [&](pg::Session& session) { return Insert(session, t * 100 + i); });
        if (!status.ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(*CountThings(fixture.pool()) == 320);
}

// Ends every session of the database but its own, as a restart of the server would.
void CutConnections(const PgFixture& fixture) {
  pqxx::connection connection(fixture.url());
  pqxx::nontransaction transaction(connection);
  transaction.exec(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

TEST_CASE("connections that the server closed while idle are replaced unnoticed") {
  PgFixture fixture("shop", kSteps);
  REQUIRE_OK(fixture.pool().Ping(Soon()));
  CutConnections(fixture);
  CHECK_OK(fixture.pool().Autocommit(Soon(), [](pg::Session& s) { return Insert(s, 1); }));
  CutConnections(fixture);
  CHECK_OK(fixture.pool().Transact(Soon(), [](pg::Session& s) { return Insert(s, 2); }));
  CHECK(*CountThings(fixture.pool()) == 2);
}

TEST_CASE("a connection lost under work says whether anything is in doubt") {
  PgFixture fixture("shop", kSteps);
  pg::Pool& pool = fixture.pool();

  SECTION("in a transaction nothing was committed") {
    const absl::Status status = pool.Transact(Soon(), [&](pg::Session& session) {
      (void)Insert(session, 1);
      CutConnections(fixture);
      return Insert(session, 2);
    });
    CHECK_FAILS(status, absl::StatusCode::kUnavailable, "database_unavailable");
    CHECK(base::RetryAfter(status).has_value());
    CHECK(*CountThings(pool) == 0);
  }
  SECTION("at the commit nobody knows") {
    const absl::Status status = pool.Transact(Soon(), [&](pg::Session& session) {
      const absl::Status inserted = Insert(session, 1);
      CutConnections(fixture);
      return inserted;
    });
    CHECK_FAILS(status, absl::StatusCode::kAborted, "commit_in_doubt");
  }
  SECTION("a lone statement may have been committed") {
    const absl::Status status = pool.Autocommit(Soon(), [&](pg::Session& session) {
      session.Exec("RESET ROLE");  // the schema's role may not
      session.Exec("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)");
      return absl::OkStatus();
    });
    CHECK_FAILS(status, absl::StatusCode::kAborted, "commit_in_doubt");
  }
  SECTION("reading runs again") {
    int runs = 0;
    const absl::Status status = pool.Read(Soon(), [&](pg::Session& session) {
      if (++runs == 1) CutConnections(fixture);
      session.Exec("SELECT 1");
      return absl::OkStatus();
    });
    CHECK_OK(status);
    CHECK(runs == 2);
  }
  CHECK_OK(pool.Ping(Soon()));
}

TEST_CASE("a server that falls silent cannot hold a call for ever") {
  PgFixture fixture("shop", kSteps);
  pg::PoolConfig config = ConfigOf(fixture);
  config.statement_timeout = milliseconds(100);

  SECTION("frozen in a statement") {
    pg::Pool pool(config);
    pid_t backend = -1;
    const auto start = std::chrono::steady_clock::now();
    const absl::Status status = pool.Transact(Soon(), [&](pg::Session& session) {
      backend = session.Exec("SELECT pg_backend_pid()")[0][0].as<pid_t>();
      kill(backend, SIGSTOP);
      return Insert(session, 1);
    });
    kill(backend, SIGCONT);
    CHECK_FAILS(status, absl::StatusCode::kUnavailable, "database_unavailable");
    CHECK(std::chrono::steady_clock::now() - start < seconds(20));
    CHECK_OK(pool.Ping(Soon()));
  }
  SECTION("dumb from the start") {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const absl::Cleanup close_listener = [&] { close(listener); };
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener, 4) == 0);
    REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    config.url = fmt::format("host=127.0.0.1 port={} dbname=x user=x", ntohs(address.sin_port));
    config.connect_timeout = milliseconds(500);  // libpq makes 2 s of it
    pg::Pool pool(config);
    const auto start = std::chrono::steady_clock::now();
    CHECK_FAILS(pool.Ping(Soon()), absl::StatusCode::kUnavailable, "database_unavailable");
    CHECK(std::chrono::steady_clock::now() - start < seconds(10));
  }
}

TEST_CASE("no server is Unavailable, a bad URL says so without quoting it") {
  pg::Pool nowhere({.url = "host=/nonexistent dbname=x", .application_name = "t", .schema = "s"});
  CHECK_FAILS(nowhere.Ping(Soon()), absl::StatusCode::kUnavailable, "database_unavailable");
  CHECK_FAILS(nowhere.Autocommit(Soon(), [](pg::Session& s) { return Insert(s, 1); }),
              absl::StatusCode::kUnavailable, "database_unavailable");
  pg::Pool bad({.url = "postgresql://u:hunter2@[h/", .application_name = "t", .schema = "s"});
  const absl::Status status = bad.Ping(Soon());
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::Message(status).find("hunter2") == std::string_view::npos);
}

TEST_CASE("migrations are applied once, in order, from any number of processes") {
  const std::string url = testing::EmptyDatabase();
  std::vector<std::thread> threads;
  std::vector<absl::Status> results(4);
  for (absl::Status& result : results) {
    threads.emplace_back([&] { result = pg::Migrate(url, "shop", kSteps); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) CHECK_OK(result);
  CHECK_OK(pg::Migrate(url, "shop", kSteps));
  // An older program on a newer schema.
  CHECK_OK(pg::Migrate(url, "shop", std::span(kSteps).first(1)));

  CHECK_OK(pg::CheckSchema(url, "shop", 2, milliseconds(0)));
  CHECK_FAILS(pg::CheckSchema(url, "shop", 3, milliseconds(150)),
              absl::StatusCode::kFailedPrecondition, "schema_too_old");
  CHECK_FAILS(pg::CheckSchema(url, "nowhere", 1, milliseconds(0)),
              absl::StatusCode::kFailedPrecondition, "schema_too_old");
  CHECK_FAILS(pg::CheckSchema("host=/nonexistent", "shop", 1, milliseconds(0)),
              absl::StatusCode::kUnavailable, "database_unavailable");
}

TEST_CASE("CheckSchema waits for a migration that is still to come") {
  const std::string url = testing::EmptyDatabase();
  absl::Status checked;
  std::thread service([&] { checked = pg::CheckSchema(url, "shop", 1, seconds(30)); });
  CHECK_OK(pg::Migrate(url, "shop", kSteps));
  service.join();
  CHECK_OK(checked);
}

TEST_CASE("a failed migration leaves the step before it") {
  const std::string url = testing::EmptyDatabase();
  const pg::Migration broken[] = {kSteps[0],
                                  {2, "0002_broken", "CREATE TABLE half (); SELECT nonsense"}};
  CHECK_FAILS(pg::Migrate(url, "shop", broken), absl::StatusCode::kInternal, "database_error");
  CHECK_OK(pg::CheckSchema(url, "shop", 1, milliseconds(0)));
  CHECK_OK(pg::Migrate(url, "shop", kSteps));
  CHECK_OK(pg::CheckSchema(url, "shop", 2, milliseconds(0)));

  const pg::Migration gap[] = {kSteps[0], {3, "0003_gap", "SELECT 1"}};
  CHECK_FAILS(pg::Migrate(url, "shop", gap), absl::StatusCode::kInternal, "bad_migrations");
}

TEST_CASE("a service reaches its own schema and no other") {
  PgFixture fixture("shop", kSteps);
  REQUIRE_OK(pg::Migrate(fixture.url(), "office", kSteps));
  pg::PoolConfig config = ConfigOf(fixture);
  config.schema = "office";
  pg::Pool office(config);
  const auto run = [](pg::Pool& pool, const char* sql) {
    return pool.Autocommit(Soon(), [&](pg::Session& session) {
      session.Exec(sql);
      return absl::OkStatus();
    });
  };
  CHECK_OK(run(office, "INSERT INTO things (id) VALUES (1)"));
  CHECK_OK(run(office, "INSERT INTO parts DEFAULT VALUES"));  // a sequence
  CHECK_OK(run(office, "DELETE FROM office.things"));
  for (const char* foreign :
       {"SELECT * FROM shop.things", "DROP TABLE things", "CREATE TABLE mine ()",
        "CREATE TABLE public.mine ()", "SELECT * FROM pg_authid"}) {
    INFO(foreign);
    const absl::Status status = run(office, foreign);
    CHECK(status.code() == absl::StatusCode::kInternal);
    CHECK(base::Message(status).find("42501") != std::string_view::npos);
  }
}

TEST_CASE("without the right to make roles a schema is migrated all the same") {
  const std::string url = testing::EmptyDatabase();
  {
    pqxx::connection connection(url);
    pqxx::nontransaction transaction(connection);
    transaction.exec("CREATE ROLE plain LOGIN");
    transaction.exec(fmt::format("GRANT CREATE ON DATABASE {} TO plain", connection.dbname()));
  }
  const std::string as_plain = url + " user=plain";
  CHECK_OK(pg::Migrate(as_plain, "lonely", kSteps));
  pg::Pool pool({.url = as_plain, .application_name = "t", .schema = "lonely"});
  CHECK_OK(pool.Autocommit(Soon(), [](pg::Session& session) { return Insert(session, 1); }));
}

}  // namespace
}  // namespace mediarouter
