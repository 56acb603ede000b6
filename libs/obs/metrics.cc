#include "obs/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

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

// The metric of these labels, made at its first use; it lives as long as the registry, that is, the
// process. Family::Add alone would do, but it builds a metric each time, only to drop it when there
// is one: half of what a call's metrics cost.
template <typename Metric, typename Make>
Metric& Find(const std::string& name, const Labels& labels, Make make) {
  static std::shared_mutex mutex;
  static std::unordered_map<std::string, Metric*> known;
  std::string key = name;
  for (const auto& [label, value] : labels) {
    key.append(1, '\0').append(label).append(1, '\0').append(value);
  }
  {
    const std::shared_lock lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return *found->second;
  }
  const std::lock_guard lock(mutex);
  Metric*& metric = known[key];
  if (metric == nullptr) metric = &make();
  return *metric;
}

}  // namespace

void Count(const std::string& name, const std::string& help, const Labels& labels, double amount) {
  Find<prometheus::Counter>(name, labels, [&]() -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*Registry()).Add(labels);
  }).Increment(amount);
}

void SetGauge(const std::string& name, const std::string& help, const Labels& labels,
              double value) {
  Find<prometheus::Gauge>(name, labels, [&]() -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Help(help).Register(*Registry()).Add(labels);
  }).Set(value);
}

void ObserveSeconds(const std::string& name, const std::string& help, const Labels& labels,
                    double seconds) {
  Find<prometheus::Histogram>(name, labels, [&]() -> prometheus::Histogram& {
    return prometheus::BuildHistogram()
        .Name(name)
        .Help(help)
        .Register(*Registry())
        .Add(labels, SecondBuckets());
  }).Observe(seconds);
}

std::string RenderMetrics() {
  return prometheus::TextSerializer().Serialize(Registry()->Collect());
}

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
