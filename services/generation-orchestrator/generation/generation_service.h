#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "base/call_context.h"
#include "catalog/catalog.h"
#include "generation/generation_repository.h"
#include "generation/provider_keys.h"
#include "generation/work_signal.h"

namespace mediarouter::generation {

struct Page {
  std::vector<Generation> generations;
  std::string next_page_token;  // "" on the last page
};

// What clients may do with generations. Each method looks at the context's principal: a project
// sees its own only. Thread-safe.
class GenerationService {
 public:
  GenerationService(GenerationRepository& repository, const catalog::Catalog& catalog,
                    ProviderKeys& keys, WorkSignal& signal)
      : repository_(repository), catalog_(catalog), keys_(keys), signal_(signal) {}

  // When this returns a generation, it is committed.
  absl::StatusOr<Generation> Create(const base::CallContext& context, const std::string& id,
                                    const catalog::Wish& wish);
  absl::StatusOr<Generation> Get(const base::CallContext& context, const std::string& id);
  // `query.project_id` and the place to begin are set here.
  absl::StatusOr<Page> List(const base::CallContext& context, ListQuery query,
                            const std::string& page_token);
  absl::StatusOr<Generation> Cancel(const base::CallContext& context, const std::string& id);
  absl::Status Delete(const base::CallContext& context, const std::string& id);

 private:
  GenerationRepository& repository_;
  const catalog::Catalog& catalog_;
  ProviderKeys& keys_;
  WorkSignal& signal_;
};

}  // namespace mediarouter::generation
