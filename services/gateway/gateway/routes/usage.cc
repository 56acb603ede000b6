#include "gateway/routes/usage.h"

#include "base/status_macros.h"
#include "gateway/json_codec.h"
#include "gateway/request_body.h"

namespace mediarouter::gateway {

UsageRoutes::UsageRoutes(Backends& backends) : backends_(backends) {}

void UsageRoutes::AddTo(Front& front) {
  front.Add("POST", "/v1/usage/estimate", Access::kKey,
            [this](http::Request& r) { return Estimate(r); });
}

boost::asio::awaitable<absl::StatusOr<http::Response>> UsageRoutes::Estimate(
    http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const boost::json::value body, ReadJsonBody(request));
  MR_CO_ASSIGN_OR_RETURN(generation::v1::Generation wish, ReadGeneration(body, false));
  generation::v1::EstimateCostRequest ask;
  *ask.mutable_generation() = std::move(wish);
  const auto estimate = co_await backends_.EstimateCost(request.context, ask);
  if (!estimate.ok()) co_return estimate.status();
  JsonWriter out;
  WriteEstimate(out, *estimate);
  co_return http::Response::Json(200, out.Take());
}

}  // namespace mediarouter::gateway
