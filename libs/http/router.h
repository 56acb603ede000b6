#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace mediarouter::http {

// Method and path to handler. Patterns are literal segments and {name}, which matches one segment
// that is not empty; of two that match, the one added first wins. HEAD falls back to GET. Built at
// start, then only read: thread-safe.
class Router {
 public:
  void Add(std::string_view method, std::string_view pattern, Handler handler);

  struct Match {
    const Handler* handler = nullptr;  // null: no such path, or not with this method
    std::string route;  // also set when only the method does not fit; "" for an unknown path
    std::map<std::string, std::string> params;
    std::vector<std::string> allowed;  // methods that the path has, for 405 and OPTIONS
  };
  Match Find(std::string_view method, std::string_view path) const;

  // All routes as "METHOD pattern", for tests that walk them.
  std::vector<std::string> Routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace mediarouter::http
