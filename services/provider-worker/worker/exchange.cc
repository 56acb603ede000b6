#include "worker/exchange.h"

#include <fmt/format.h>

namespace mediarouter::worker {

void ObserveExchange(const ExchangeLabel& label, const absl::Status& status, int http_status,
                     Clock::time_point begin) {
  const std::chrono::duration<double> took = Clock::now() - begin;
  const std::string outcome =
      status.ok() ? fmt::format("{}xx", http_status / 100) : base::Reason(status);
  obs::ObserveSeconds(
      "mediarouter_worker_provider_seconds", "Time of requests to providers, by outcome.",
      {{"provider", label.provider}, {"operation", label.operation}, {"outcome", outcome}},
      took.count());
}

}  // namespace mediarouter::worker
