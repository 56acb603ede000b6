#pragma once

#include <string>
#include <vector>

#include "http/message.h"

namespace mediarouter::gateway {

// Cross-origin requests of web pages (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Immutable, thread-safe.
class Cors {
 public:
  explicit Cors(std::vector<std::string> origins);  // "*" among them: every origin

  // The answer to an OPTIONS request for a path with these methods.
  http::Response Options(const http::Request& request,
                         const std::vector<std::string>& methods) const;

  // Adds to any response what lets an allowed page read it.
  void Decorate(const http::Request& request, http::Response& response) const;

 private:
  bool Allows(std::string_view origin) const;
  std::vector<std::string> origins_;
  bool any_ = false;
};

}  // namespace mediarouter::gateway
