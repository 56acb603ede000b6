#include "obs/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

#include "obs/log.h"

namespace mediarouter::obs {
namespace {

std::shared_ptr<prometheus::Registry> Registry() {
  static const auto registry = std::make_shared<prometheus::Registry>();
  return registry;
}

const prometheus::Histogram::BucketBoundaries& SecondBuckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
  return buckets;
}

// Families are made once and live as long as the registry, that is, the process.
template <typename Metric, typename Build>
prometheus::Family<Metric>& Family(const std::string& name, const std::string& help, Build build) {
  static std::mutex mutex;
  static std::map<std::string, prometheus::Family<Metric>*> families;
  const std::lock_guard lock(mutex);
  auto& family = families[name];
  if (family == nullptr) family = &build().Name(name).Help(help).Register(*Registry());
  return *family;
}

}  // namespace

void Count(const std::string& name, const std::string& help, const Labels& labels, double amount) {
  Family<prometheus::Counter>(name, help, prometheus::BuildCounter).Add(labels).Increment(amount);
}

void SetGauge(const std::string& name, const std::string& help, const Labels& labels,
              double value) {
  Family<prometheus::Gauge>(name, help, prometheus::BuildGauge).Add(labels).Set(value);
}

void ObserveSeconds(const std::string& name, const std::string& help, const Labels& labels,
                    double seconds) {
  Family<prometheus::Histogram>(name, help, prometheus::BuildHistogram)
      .Add(labels, SecondBuckets())
      .Observe(seconds);
}

std::string RenderMetrics() { return prometheus::TextSerializer().Serialize(Registry()->Collect()); }

struct MetricsServer::Impl {
  explicit Impl(const std::string& address) : exposer(address, 1) {}
  prometheus::Exposer exposer;
};

MetricsServer::MetricsServer() = default;
MetricsServer::~MetricsServer() = default;

std::unique_ptr<MetricsServer> MetricsServer::Start(const std::string& address) {
  try {
    std::unique_ptr<MetricsServer> server(new MetricsServer);
    server->impl_ = std::make_unique<Impl>(address);
    server->impl_->exposer.RegisterCollectable(Registry());
    return server;
  } catch (const std::exception& error) {
    Log(Level::kWarn, "metrics are not served",
        {{"address", address}, {"error", std::string_view(error.what())}});
    return nullptr;
  }
}

int MetricsServer::port() const { return impl_->exposer.GetListeningPorts().at(0); }

}  // namespace mediarouter::obs
