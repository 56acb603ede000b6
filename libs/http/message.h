#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/call_context.h"

// HTTP messages as handlers see them. Beast stays behind http/server.cc.
namespace mediarouter::http {

// ASCII case only: field names, tokens.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

// Header fields in order; names compare without case.
class Headers {
 public:
  void Set(std::string_view name, std::string_view value);  // replaces
  void Add(std::string_view name, std::string_view value);
  std::optional<std::string_view> Get(std::string_view name) const;  // the first
  std::string_view GetOr(std::string_view name, std::string_view fallback) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent
  std::string path;    // decoded; never contains NUL or a ".." segment
  // Decoded, in order. Names are UTF-8, values may be any bytes: check what goes on into text.
  std::vector<std::pair<std::string, std::string>> query;
  std::map<std::string, std::string> params;  // what {name} in the route's pattern matched
  std::string route;                          // the route's pattern, "" before routing
  Headers headers;
  std::string body;
  std::string remote_address;
  // Deadline, request id and trace of this request; the principal once authenticated.
  base::CallContext context;

  // The first value of a query parameter.
  std::optional<std::string_view> Query(std::string_view name) const;
};

// Part of a file, sent by sendfile(2). The descriptor is closed with the body.
struct FileBody {
  std::shared_ptr<const int> fd;  // made by OpenFile (http/file.h)
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// A body that is made while it is sent: each call gives the next piece, "" at the end. `length`
// unset: chunked. A failed piece cuts the connection.
struct StreamBody {
  std::function<boost::asio::awaitable<std::optional<std::string>>()> next;  // nullopt: failed
  std::optional<std::uint64_t> length;
};

struct Response {
  int status = 200;
  Headers headers;
  std::variant<std::string, FileBody, StreamBody> body;
  // Close the connection without sending a byte: what servers that simulate a fault need.
  bool drop_connection = false;

  static Response Json(int status, std::string json);
};

using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;

}  // namespace mediarouter::http
