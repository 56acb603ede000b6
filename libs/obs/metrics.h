#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

// Prometheus metrics of this process. Names are mediarouter_<service>_<noun>_<unit>; labels are
// bounded (a route, a state, a code; never an id). Thread-safe; a look-up costs a mutex and a map
// search, cheap next to the call that it counts.
namespace mediarouter::obs {

using Labels = std::map<std::string, std::string>;

void Count(const std::string& name, const std::string& help, const Labels& labels,
           double amount = 1);
void SetGauge(const std::string& name, const std::string& help, const Labels& labels, double value);
// Seconds, in buckets from 1 ms to 5 minutes.
void ObserveSeconds(const std::string& name, const std::string& help, const Labels& labels,
                    double seconds);

// All metrics as Prometheus reads them.
std::string RenderMetrics();

// Serves /metrics on `address` ("127.0.0.1:9090") for as long as it lives.
class MetricsServer {
 public:
  // Null and a logged warning when the address cannot be had: metrics never stop a service.
  static std::unique_ptr<MetricsServer> Start(const std::string& address);
  ~MetricsServer();
  int port() const;

 private:
  MetricsServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mediarouter::obs
