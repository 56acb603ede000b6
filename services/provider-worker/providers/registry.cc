#include "providers/registry.h"

#include <algorithm>

#include "base/status.h"
#include "httpc/url.h"

namespace mediarouter::providers {

// One declaration and one line of the table for each adapter.
std::unique_ptr<const Provider> MakeOpenAi(const Endpoint& endpoint);

namespace {

struct Adapter {
  std::string_view name;
  std::unique_ptr<const Provider> (*make)(const Endpoint&);
};

constexpr Adapter kAdapters[] = {
    {"openai", &MakeOpenAi},
};

}  // namespace

absl::StatusOr<Registry> Registry::Create(std::vector<Endpoint> endpoints) {
  Registry registry;
  for (Endpoint& endpoint : endpoints) {
    const auto adapter = std::find_if(std::begin(kAdapters), std::end(kAdapters),
                                      [&](const Adapter& a) { return a.name == endpoint.adapter; });
    if (adapter == std::end(kAdapters)) {
      return base::InvalidArgument("unknown_adapter", "no adapter '{}' for provider '{}'",
                                   endpoint.adapter, endpoint.name);
    }
    while (endpoint.base_url.ends_with('/')) endpoint.base_url.pop_back();
    if (httpc::Origin(endpoint.base_url).empty() ||
        endpoint.base_url.find_first_of("?#") != std::string::npos) {
      return base::InvalidArgument("invalid_base_url",
                                   "the base URL of provider '{}' is not http(s)://host[/path]",
                                   endpoint.name);
    }
    registry.providers_[endpoint.name] = adapter->make(endpoint);
  }
  return registry;
}

const Provider* Registry::Find(std::string_view name) const {
  const auto found = providers_.find(name);
  return found == providers_.end() ? nullptr : found->second.get();
}

}  // namespace mediarouter::providers
