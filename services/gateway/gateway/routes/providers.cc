#include "gateway/routes/providers.h"

#include <map>

#include "base/status_macros.h"
#include "gateway/json_codec.h"
#include "gateway/request_body.h"

namespace mediarouter::gateway {
namespace {

// The best of a provider's keys stands for it.
using BestStatus = std::map<std::string, vault::v1::ProviderKeyStatus>;

void Note(BestStatus& best, const vault::v1::ProviderKey& key) {
  const auto [entry, added] = best.emplace(key.provider(), key.status());
  const auto rank = [](vault::v1::ProviderKeyStatus status) {
    if (status == vault::v1::PROVIDER_KEY_STATUS_ACTIVE) return 0;
    return status == vault::v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED ? 1 : 2;
  };
  if (!added && rank(key.status()) < rank(entry->second)) entry->second = key.status();
}

}  // namespace

ProviderRoutes::ProviderRoutes(Backends& backends) : backends_(backends) {}

void ProviderRoutes::AddTo(Front& front) {
  front.Add("GET", "/v1/providers", Access::kKey, [this](http::Request& r) { return List(r); });
}

boost::asio::awaitable<absl::StatusOr<http::Response>> ProviderRoutes::List(
    http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  const auto providers = co_await backends_.ListProviders(request.context);
  if (!providers.ok()) co_return providers.status();
  BestStatus best;
  vault::v1::ListProviderKeysRequest list;
  do {
    const auto page = co_await backends_.ListProviderKeys(request.context, list);
    if (!page.ok()) co_return page.status();
    for (const auto& key : page->provider_keys()) Note(best, key);
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());

  JsonWriter out;
  out.Array();
  for (const auto& provider : providers->providers()) {
    const auto status = best.find(provider.name());
    WriteProvider(out, provider, status == best.end() ? "" : StatusName(status->second));
  }
  out.EndArray();
  co_return http::Response::Json(200, out.Take());
}

}  // namespace mediarouter::gateway
