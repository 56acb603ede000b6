#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <type_traits>
#include <vector>

#include "base/call_context.h"

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
// connection (keyed by the text) and throws what pqxx throws; nobody but the pool catches it, since
// an error that is caught inside a transaction makes libpqxx's commit lose rows silently.
class Session {
 public:
  template <typename... Args>
  pqxx::result Exec(const char* sql, const Args&... args) {
    return transaction_.exec_prepared(Prepared(sql), args...);
  }

 private:
  friend class Pool;
  struct Connection;
  Session(Connection& connection, pqxx::transaction_base& transaction)
      : connection_(connection), transaction_(transaction) {}
  std::string Prepared(const char* sql);
  Connection& connection_;
  pqxx::transaction_base& transaction_;
};

// A bounded set of connections, made when needed, dropped when broken, replaced after. Thread-safe.
class Pool {
 public:
  // Cannot fail: the first use connects.
  explicit Pool(PoolConfig config);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `work(session)` on a connection without a transaction: for one statement that commits by
  // itself. `work` returns a Status or StatusOr<T>. Errors of SQL come as pg/errors.h maps them.
  template <typename Work>
  std::invoke_result_t<Work, Session&> Autocommit(const base::CallContext& context, Work work) {
    return Run<Work>(context, Mode::kAutocommit, work);
  }

  // The same inside BEGIN ... COMMIT. A failed Status rolls back.
  template <typename Work>
  std::invoke_result_t<Work, Session&> Transact(const base::CallContext& context, Work work) {
    return Run<Work>(context, Mode::kTransaction, work);
  }

  // OK when a connection answers.
  absl::Status Ping(const base::CallContext& context);

 private:
  enum class Mode { kAutocommit, kTransaction };
  struct State;

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
