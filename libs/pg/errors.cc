#include "pg/errors.h"

#include <algorithm>
#include <chrono>
#include <pqxx/except>
#include <string>
#include <string_view>

#include "base/status.h"

namespace mediarouter::pg {
namespace {

constexpr std::chrono::seconds kRetryDelay{1};

template <typename Kind>
bool Is(const std::exception& error) {
  return dynamic_cast<const Kind*>(&error) != nullptr;
}

// The primary message alone: the lines after it (DETAIL, CONTEXT) quote values, and so does what
// stands behind the colon of a data exception ("invalid input syntax for type uuid: "x"").
std::string Text(const std::exception& error, std::string_view sqlstate) {
  std::string text = error.what();
  text.resize(std::min(text.find('\n'), text.size()));
  for (const std::string_view severity : {"ERROR:  ", "FATAL:  "}) {
    if (text.starts_with(severity)) text.erase(0, severity.size());
  }
  if (sqlstate.starts_with("22")) text.resize(std::min(text.find(": "), text.size()));
  return text;
}

absl::Status Unavailable(std::string_view text) {
  return base::WithRetryAfter(base::Unavailable("database_unavailable", "{}", text), kRetryDelay);
}

// libpqxx 6 leaves the state out of some of its classes.
std::string SqlState(const pqxx::sql_error& error) {
  if (!error.sqlstate().empty()) return error.sqlstate();
  if (Is<pqxx::unique_violation>(error)) return "23505";
  if (Is<pqxx::data_exception>(error)) return "22000";
  if (Is<pqxx::insufficient_privilege>(error)) return "42501";
  if (Is<pqxx::insufficient_resources>(error)) return "53000";
  return "";
}

absl::Status FromSqlState(const std::string& state, const std::string& text) {
  const auto in = [&](std::string_view prefix) { return state.starts_with(prefix); };
  const std::string message = state.empty() ? text : state + " " + text;
  if (state == "23505") return base::AlreadyExists("already_exists", "{}", message);
  if (state == "57014" || state == "55P03") {  // statement_timeout, lock_timeout
    return base::DeadlineExceeded("database_timeout", "{}", message);
  }
  if (in("40")) return base::Aborted("conflict", "{}", message);
  // Connection, resources of the server, restart, a standby that is not the primary any more.
  if (in("08") || in("53") || in("57P") || state == "25006") return Unavailable(message);
  return base::Internal("database_error", "{}", message);
}

}  // namespace

absl::Status StatusFromException(const std::exception& error) {
  if (Is<pqxx::in_doubt_error>(error) || Is<pqxx::statement_completion_unknown>(error)) {
    return base::Aborted("commit_in_doubt", "{}", Text(error, ""));
  }
  if (Is<pqxx::broken_connection>(error)) return Unavailable(Text(error, ""));
  // libpqxx 6 keeps no SQLSTATE in this family (40001, 40P01).
  if (Is<pqxx::transaction_rollback>(error)) {
    return base::Aborted("conflict", "{}", Text(error, ""));
  }
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) {
    const std::string state = SqlState(*sql);
    return FromSqlState(state, Text(error, state));
  }
  if (Is<pqxx::conversion_error>(error)) {
    return base::Internal("database_error", "a column does not convert to the type asked for");
  }
  return base::Internal("database_error", "{}", Text(error, ""));
}

}  // namespace mediarouter::pg
