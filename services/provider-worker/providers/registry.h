#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "providers/provider.h"

namespace mediarouter::providers {

// A provider by its name in the catalog, the adapter that speaks to it, and where it is found.
struct Endpoint {
  std::string name;
  std::string adapter;   // "openai"
  std::string base_url;  // without a slash at its end
};

// The providers that are switched on. Immutable, thread-safe.
class Registry {
 public:
  // InvalidArgument for an unknown adapter or a base URL that is none.
  static absl::StatusOr<Registry> Create(std::vector<Endpoint> endpoints);

  // Null when there is none of that name.
  const Provider* Find(std::string_view name) const;

 private:
  std::map<std::string, std::unique_ptr<const Provider>, std::less<>> providers_;
};

}  // namespace mediarouter::providers
