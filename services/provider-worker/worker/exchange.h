#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "base/status.h"
#include "httpc/http_client.h"
#include "obs/metrics.h"
#include "providers/provider.h"
#include "worker/coroutines.h"

namespace mediarouter::worker {

// What is sent to a provider, for metrics: bounded names.
struct ExchangeLabel {
  std::string provider;
  std::string operation;  // "submit", "poll", ...
};

// Counts and times one request to a provider; `http_status` is that of an answer, when there is
// one.
void ObserveExchange(const ExchangeLabel& label, const absl::Status& status, int http_status,
                     Clock::time_point begin);

// Sends the requests of an operation, each after the answer to the one before, within `budget`.
// Errors are those of HttpClient::Send; `not_sent` also when a request that only prepares the paid
// one got no answer.
template <typename Result>
awaitable<absl::StatusOr<Result>> RunExchange(httpc::HttpClient& client, ExchangeLabel label,
                                              providers::Step<Result> step, milliseconds budget) {
  const auto deadline = Clock::now() + budget;
  while (const providers::Exchange<Result>* exchange = step.next()) {
    httpc::HttpRequest request = exchange->request;
    request.timeout = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    const bool paid = request.send_once;
    if (request.timeout <= milliseconds(0)) {
      co_return base::DeadlineExceeded("not_sent", "no time left for the request");
    }
    const auto begin = Clock::now();
    const absl::StatusOr<httpc::HttpResponse> answer = co_await client.Send(std::move(request));
    ObserveExchange(label, answer.status(), answer.ok() ? answer->status : 0, begin);
    if (!answer.ok()) {
      const bool impossible = answer.status().code() == absl::StatusCode::kInvalidArgument;
      if (paid || impossible || base::Reason(answer.status()) == "not_sent") {
        co_return answer.status();
      }
      co_return base::Unavailable("not_sent", "{}", base::Message(answer.status()));
    }
    providers::Step<Result> following = exchange->read(*answer);
    step = std::move(following);
  }
  co_return *step.done();
}

}  // namespace mediarouter::worker
