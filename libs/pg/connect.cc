#include "pg/connect.h"

#include <libpq-fe.h>
#include <poll.h>

#include <map>

#include "base/status.h"

namespace mediarouter::pg {
namespace {

std::string Quote(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

absl::StatusOr<std::string> ConnectionString(const std::string& url,
                                             const ConnectOptions& options) {
  // libpq counts whole seconds here and takes 1 for 2.
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.connect_timeout).count();
  std::map<std::string, std::string> values = {
      {"application_name", options.application_name},
      {"connect_timeout", std::to_string(seconds)},
      // A peer that vanished: unacknowledged data is given up after tcp_user_timeout, a silent
      // wait for an answer after 5 + 3 * 2 seconds.
      {"tcp_user_timeout", std::to_string(options.peer_timeout.count())},
      {"keepalives", "1"},
      {"keepalives_idle", "5"},
      {"keepalives_interval", "2"},
      {"keepalives_count", "3"},
  };
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  if (parsed == nullptr) {
    return base::InvalidArgument("database_url_invalid", "the database URL cannot be parsed");
  }
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  values["client_encoding"] = "UTF8";
  std::string list;
  for (const auto& [key, value] : values) list += fmt::format("{}={} ", key, Quote(value));
  return list;
}

std::unique_ptr<pqxx::connection> Connect(const std::string& connection_string) {
  auto connection = std::make_unique<pqxx::connection>(connection_string);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  connection->set_verbosity(pqxx::connection_base::terse);
  return connection;
}

bool LooksStale(const pqxx::connection& connection) {
  // Nobody writes to an idle session but to say goodbye (or to report a changed setting, where a
  // new connection does no harm).
  pollfd descriptor{connection.sock(), POLLIN | POLLRDHUP, 0};
  return !connection.is_open() || poll(&descriptor, 1, 0) != 0;
}

std::string SchemaRole(std::string_view schema) { return fmt::format("mediarouter_{}", schema); }

}  // namespace mediarouter::pg
