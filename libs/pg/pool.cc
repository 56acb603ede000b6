#include "pg/pool.h"

#include <absl/cleanup/cleanup.h>

#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "base/status.h"
#include "base/status_macros.h"
#include "obs/metrics.h"
#include "pg/connect.h"
#include "pg/errors.h"

namespace mediarouter::pg {
namespace {

using Clock = std::chrono::steady_clock;

// All session state in one round trip. The sub-select takes the confined role when it exists and
// the login is a member of it.
constexpr char kSetUpSession[] = R"(
  SELECT set_config('search_path', $1, false),
         set_config('statement_timeout', $2, false),
         set_config('lock_timeout', $2, false),
         set_config('idle_in_transaction_session_timeout', $3, false),
         (SELECT set_config('role', rolname, false) FROM pg_catalog.pg_roles
          WHERE rolname = $4 AND pg_catalog.pg_has_role(session_user, oid, $5)))";

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

// How much longer than the server's own limit an answer may take.
constexpr std::chrono::seconds kSilence{3};

absl::Status CheckAlive(const base::CallContext& context) {
  if (context.Cancelled()) return base::Cancelled("cancelled", "the caller went away");
  if (context.Expired()) return base::DeadlineExceeded("deadline_exceeded", "too late to begin");
  return absl::OkStatus();
}

void SetUp(pqxx::connection& connection, const PoolConfig& config) {
  const std::string timeout = std::to_string(config.statement_timeout.count());
  // Work between two statements is short; a session that idles longer has lost its client.
  const std::string idle_timeout = std::to_string((config.statement_timeout * 3).count());
  // From 16 on membership alone does not allow SET ROLE.
  const char* privilege = connection.server_version() >= 160'000 ? "SET" : "MEMBER";
  pqxx::nontransaction transaction(connection);
  transaction.exec_params(kSetUpSession, connection.quote_name(config.schema), timeout,
                          idle_timeout, SchemaRole(config.schema), privilege);
}

}  // namespace

struct Session::Connection {
  std::unique_ptr<pqxx::connection> raw;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> prepared;
  bool broken = false;
};

std::string Session::Prepared(const char* sql) {
  auto& prepared = connection_.prepared;
  const auto found = prepared.find(std::string_view(sql));
  if (found != prepared.end()) return found->second;
  const std::string name = fmt::format("s{}", prepared.size());
  connection_.raw->prepare(name, sql);
  // libpqxx would prepare it at the first use; done apart, a connection that is lost here is known
  // not to have run the statement.
  try {
    connection_.raw->prepare_now(name);
  } catch (...) {
    connection_.raw->unprepare(name);
    throw;
  }
  prepared.emplace(sql, name);
  return name;
}

int Session::Socket() const { return connection_.raw->sock(); }

struct Pool::State {
  explicit State(PoolConfig c)
      : config(std::move(c)),
        labels{{"schema", config.schema}},
        watchdog(config.statement_timeout + kSilence) {}

  // Waits for a place among `size`. May come with an idle connection, which may be stale.
  absl::StatusOr<std::unique_ptr<Session::Connection>> Take(const base::CallContext& context);
  void GiveBack(std::unique_ptr<Session::Connection> connection);
  absl::StatusOr<std::unique_ptr<Session::Connection>> Open(const base::CallContext& context);

  const PoolConfig config;
  const obs::Labels labels;
  Watchdog watchdog;

 private:
  void PublishInUse() const {
    obs::SetGauge("mediarouter_sql_connections_in_use", "Database connections at work", labels,
                  static_cast<double>(in_use_));
  }

  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<Session::Connection>> idle_;
};

absl::StatusOr<std::unique_ptr<Session::Connection>> Pool::State::Take(
    const base::CallContext& context) {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, context.Remaining(config.acquire_timeout),
                          [&] { return in_use_ < config.size; })) {
    return base::WithRetryAfter(
        base::Unavailable("database_busy", "all {} connections are in use", config.size),
        std::chrono::seconds(1));
  }
  ++in_use_;
  PublishInUse();
  std::unique_ptr<Session::Connection> connection;
  if (!idle_.empty()) {
    connection = std::move(idle_.back());
    idle_.pop_back();
  }
  return connection;
}

void Pool::State::GiveBack(std::unique_ptr<Session::Connection> connection) {
  if (connection != nullptr && connection->broken) connection.reset();
  const std::lock_guard lock(mutex_);
  if (connection != nullptr) idle_.push_back(std::move(connection));
  --in_use_;
  PublishInUse();
  returned_.notify_one();
}

absl::StatusOr<std::unique_ptr<Session::Connection>> Pool::State::Open(
    const base::CallContext& context) {
  const ConnectOptions options{config.application_name, context.Remaining(config.connect_timeout),
                               config.statement_timeout};
  MR_ASSIGN_OR_RETURN(const std::string text, ConnectionString(config.url, options));
  try {
    auto connection = std::make_unique<Session::Connection>();
    connection->raw = Connect(text);
    const Watchdog::Guard guard(watchdog, connection->raw->sock());
    SetUp(*connection->raw, config);
    return connection;
  } catch (const std::exception& error) {
    return StatusFromException(error);
  }
}

Pool::Pool(PoolConfig config) : state_(std::make_unique<State>(std::move(config))) {}
Pool::~Pool() = default;

absl::Status Pool::Ping(const base::CallContext& context) {
  return Read(context, [](Session& session) {
    session.Exec("SELECT 1");
    return absl::OkStatus();
  });
}

absl::Status Pool::RunErased(const base::CallContext& context, Mode mode,
                             const std::function<bool(Session&)>& work) {
  constexpr int kTries = 2;
  for (int attempt = 1;; ++attempt) {
    MR_RETURN_IF_ERROR(CheckAlive(context));
    MR_ASSIGN_OR_RETURN(auto connection, state_->Take(context));
    const absl::Cleanup give_back = [&] { state_->GiveBack(std::move(connection)); };
    if (connection != nullptr && LooksStale(*connection->raw)) connection.reset();
    if (connection == nullptr) {
      MR_ASSIGN_OR_RETURN(connection, state_->Open(context));
    }
    bool again = false;
    const auto start = Clock::now();
    absl::Status status = Attempt(*connection, mode, work, again);
    obs::ObserveSeconds("mediarouter_sql_seconds", "Time of a unit of work on its connection",
                        state_->labels,
                        std::chrono::duration<double>(Clock::now() - start).count());
    if (!again || attempt == kTries) return status;
  }
}

absl::Status Pool::Attempt(Session::Connection& connection, Mode mode,
                           const std::function<bool(Session&)>& work, bool& again) {
  // BEGIN and COMMIT are sent here and not by pqxx::work, so that each stage of a failure is known.
  const auto execute = [&](pqxx::transaction_base& channel, const char* sql) {
    const Watchdog::Guard guard(state_->watchdog, connection.raw->sock());
    channel.exec(sql);
  };
  enum class Stage { kBegin, kWork, kCommit } stage = Stage::kBegin;
  const bool transaction = mode == Mode::kTransaction;
  bool sent = false;
  absl::Status status;
  bool roll_back = false;
  try {
    pqxx::nontransaction channel(*connection.raw);
    Session session(connection, channel, state_->watchdog);
    const absl::Cleanup note_sent = [&] { sent = session.sent_; };
    if (transaction) execute(channel, "BEGIN");
    stage = Stage::kWork;
    roll_back = transaction;
    const bool keep = work(session);
    if (session.failed_) {
      status = base::Internal("database_error", "a unit of work went on after a failed statement");
    } else if (keep && transaction) {
      stage = Stage::kCommit;
      execute(channel, "COMMIT");
      roll_back = false;
    }
  } catch (const std::exception& error) {
    status = StatusFromException(error);
    // "cached plan must not change result type": a migration outdated what is prepared here.
    if (dynamic_cast<const pqxx::feature_not_supported*>(&error) != nullptr) {
      connection.broken = true;
    }
    if (!connection.raw->is_open()) {
      connection.broken = true;
      const bool in_doubt = stage == Stage::kCommit || (mode == Mode::kAutocommit && sent);
      again = stage == Stage::kBegin || mode == Mode::kRead;
      if (in_doubt) return base::Aborted("commit_in_doubt", "{}", base::Message(status));
      return base::WithRetryAfter(
          base::Unavailable("database_unavailable", "{}", base::Message(status)),
          std::chrono::seconds(1));
    }
  }
  if (roll_back) {
    try {
      pqxx::nontransaction channel(*connection.raw);
      execute(channel, "ROLLBACK");
    } catch (const std::exception&) {
      connection.broken = true;  // the server rolls back what it loses
    }
  }
  return status;
}

std::string TextArray(const std::vector<std::string>& values) {
  std::string text = "{";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

}  // namespace mediarouter::pg
