#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/call_context.h"
#include "pg/watchdog.h"

// Postgres for the repositories, over libpqxx 6.4 with its faults fenced in. Only *_repository.cc
// and the like include this header.
namespace mediarouter::pg {

struct PoolConfig {
  std::string url;               // "postgresql://..." or key=value
  std::string application_name;  // "mediarouter-key-vault"
  std::string schema;            // becomes the search_path
  std::size_t size = 8;
  std::chrono::milliseconds acquire_timeout{5'000};
  std::chrono::milliseconds statement_timeout{10'000};
  std::chrono::milliseconds connect_timeout{5'000};
};

// One connection for the length of one unit of work. Exec prepares each statement once a
// connection (keyed by the text) and throws what pqxx throws; nobody but the pool catches it: a
// unit of work that caught an error is rolled back whatever it returns.
//
// Arguments: numbers, bool, std::string, const char*, nullptr, std::optional of these, and
// pqxx::binarystring for bytea. Not std::string_view, and no U+0000: libpqxx 6.4 cuts there.
// Results: row["name"].as<std::int64_t>(), row["name"].get<std::string>() for an optional.
class Session {
 public:
  template <typename... Args>
  pqxx::result Exec(const char* sql, const Args&... args) {
    const Watchdog::Guard guard(watchdog_, Socket());
    try {
      const std::string statement = Prepared(sql);
      sent_ = true;
      return transaction_.exec_prepared(statement, args...);
    } catch (...) {
      failed_ = true;
      throw;
    }
  }

 private:
  friend class Pool;
  struct Connection;
  Session(Connection& connection, pqxx::transaction_base& transaction, Watchdog& watchdog)
      : connection_(connection), transaction_(transaction), watchdog_(watchdog) {}
  std::string Prepared(const char* sql);
  int Socket() const;

  Connection& connection_;
  pqxx::transaction_base& transaction_;
  Watchdog& watchdog_;
  bool sent_ = false;    // a statement may have reached the server
  bool failed_ = false;  // one threw
};

// A bounded set of connections, made when needed, dropped when broken, replaced after. Thread-safe.
//
// Each connection sets search_path, statement_timeout and lock_timeout once, and takes the role
// mediarouter_<schema> when the login may (pg/migrator.h makes it), so that a service reaches no
// schema but its own.
//
// Errors, besides those of pg/errors.h: an expired or cancelled context fails before any I/O
// (`deadline_exceeded`, `cancelled`); no free connection within acquire_timeout and the context's
// deadline is Unavailable `database_busy`, with a retry delay. A statement that has had no answer
// for statement_timeout and a few seconds loses its connection, so no call hangs for ever.
class Pool {
 public:
  // Cannot fail: the first use connects.
  explicit Pool(PoolConfig config);
  ~Pool();  // no call may be under way
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `work(session)` on a connection without a transaction: for one statement that commits by
  // itself. `work` returns a Status or StatusOr<T>. A connection that is lost after the statement
  // was sent gives Aborted `commit_in_doubt`.
  template <typename Work>
  std::invoke_result_t<Work, Session&> Autocommit(const base::CallContext& context, Work work) {
    return Run<Work>(context, Mode::kAutocommit, work);
  }

  // The same inside BEGIN ... COMMIT. A failed Status rolls back. Only a connection that is lost
  // during the COMMIT gives `commit_in_doubt`.
  template <typename Work>
  std::invoke_result_t<Work, Session&> Transact(const base::CallContext& context, Work work) {
    return Run<Work>(context, Mode::kTransaction, work);
  }

  // For work that only reads: as Autocommit, but nothing can be in doubt, and when the connection
  // is lost `work` runs once more on a new one, so it must be able to.
  template <typename Work>
  std::invoke_result_t<Work, Session&> Read(const base::CallContext& context, Work work) {
    return Run<Work>(context, Mode::kRead, work);
  }

  // OK when a connection answers.
  absl::Status Ping(const base::CallContext& context);

 private:
  enum class Mode { kAutocommit, kTransaction, kRead };
  struct State;

  // One try on one connection; sets `again` when another is safe and may help.
  absl::Status Attempt(Session::Connection& connection, Mode mode,
                       const std::function<bool(Session&)>& work, bool& again);
  // `work` gives its verdict; false rolls back.
  absl::Status RunErased(const base::CallContext& context, Mode mode,
                         const std::function<bool(Session&)>& work);

  template <typename Work>
  std::invoke_result_t<Work, Session&> Run(const base::CallContext& context, Mode mode,
                                           Work& work) {
    using Result = std::invoke_result_t<Work, Session&>;
    std::optional<Result> result;
    const absl::Status status = RunErased(context, mode, [&](Session& session) {
      result.emplace(work(session));
      return result->ok();
    });
    // The work's own failure explains more than the rollback that followed it.
    if (result && !result->ok()) return *std::move(result);
    if (!status.ok()) return Result(status);
    return *std::move(result);
  }

  std::unique_ptr<State> state_;
};

// {"a","b"} as a Postgres array literal, for `$1::text[]`.
std::string TextArray(const std::vector<std::string>& values);

}  // namespace mediarouter::pg
