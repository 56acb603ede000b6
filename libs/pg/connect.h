#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <string>

namespace mediarouter::pg {

struct ConnectOptions {
  std::string application_name;
  std::chrono::milliseconds connect_timeout{5'000};
  // How long a silent peer may leave a call waiting, besides the time that the server itself uses.
  std::chrono::milliseconds peer_timeout{10'000};
};

// `url` ("postgresql://..." or key=value) as libpq's key=value list, with our time-outs where it
// names none. InvalidArgument `database_url_invalid`; the message does not quote the URL.
absl::StatusOr<std::string> ConnectionString(const std::string& url, const ConnectOptions& options);

// An open connection that never reconnects by itself (session state would be gone silently) and
// whose errors are one line. Throws what pqxx throws.
std::unique_ptr<pqxx::connection> Connect(const std::string& connection_string);

// Whether the server has closed this idle connection, without a round trip.
bool LooksStale(const pqxx::connection& connection);

// The NOLOGIN role that confines a service to its schema: "mediarouter_" + schema.
std::string SchemaRole(std::string_view schema);

}  // namespace mediarouter::pg
