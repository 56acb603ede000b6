#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "support/raw_http.h"

// For the tests of the running simulator only.
namespace mediarouter::sim {

class SimClient {
 public:
  explicit SimClient(int port, std::string key = "sk-test") : port_(port), key_(std::move(key)) {}

  // A whole exchange on a connection of its own; throws when the answer does not come whole.
  testing::HttpAnswer Call(std::string_view method, std::string_view path,
                           std::string_view body = "", std::string_view headers = "") const {
    testing::RawHttp connection(port_);
    return connection.Exchange(Request(method, path, body, headers));
  }

  std::string Request(std::string_view method, std::string_view path, std::string_view body = "",
                      std::string_view headers = "") const {
    return fmt::format(
        "{} {} HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer {}\r\n"
        "content-type: application/json\r\ncontent-length: {}\r\n{}\r\n{}",
        method, path, key_, body.size(), headers, body);
  }

  boost::json::value Json(std::string_view method, std::string_view path,
                          std::string_view body = "") const {
    return boost::json::parse(Call(method, path, body).body);
  }

  // The id of a new job.
  std::string Create(std::string_view prompt) const {
    const boost::json::value video = Json("POST", "/v1/videos", CreateBody(prompt));
    return std::string(video.at("id").as_string());
  }

  static std::string CreateBody(std::string_view prompt) {
    return boost::json::serialize(boost::json::object{{"prompt", prompt}, {"model", "demo-video"}});
  }

  // Asks for a fault and gives its id.
  std::string Fault(std::string_view json) const {
    return std::string(Json("POST", "/__sim/faults", json).at("id").as_string());
  }

  std::int64_t Stat(std::string_view name) const {
    return Json("GET", "/__sim/stats").at(name).as_int64();
  }

 private:
  int port_;
  std::string key_;
};

}  // namespace mediarouter::sim
