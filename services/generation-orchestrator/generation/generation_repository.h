#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "generation/generation.h"

namespace mediarouter::pg {
class Pool;
}

namespace mediarouter::generation {

// A list of one project's generations, newest first.
struct ListQuery {
  std::string project_id;
  int limit = 50;
  int skip = 0;
  std::optional<std::string> provider;
  std::optional<std::string> model;
  std::optional<std::string> state;
  std::optional<std::string> text;  // that the prompt contains
  std::optional<Time> created_after;
  std::optional<Time> created_before;
  std::optional<Time> after_created;  // the place after which the page begins
  std::string after_id;
};

// What clients do to generations, in SQL. Thread-safe; one method, one committed unit.
class GenerationRepository {
 public:
  explicit GenerationRepository(pg::Pool& pool) : pool_(pool) {}

  // Inserts generation, first event and place in the queue in one statement. An id that exists
  // already gives the stored row, whoever owns it.
  absl::StatusOr<Generation> Create(const base::CallContext& context, const Generation& wanted);

  // NotFound `generation_not_found`. An empty project reads any project's. Hidden ones are not
  // found.
  absl::StatusOr<Generation> Get(const base::CallContext& context, const std::string& project_id,
                                 const std::string& id);

  absl::StatusOr<std::vector<Generation>> List(const base::CallContext& context,
                                               const ListQuery& query);

  // Ends a generation that waits in the queue, else notes the wish. Returns it as it stands then.
  absl::StatusOr<Generation> Cancel(const base::CallContext& context, const std::string& project_id,
                                    const std::string& id);

  // Hides a generation, calls it off when it is open, and leaves its file to a task.
  absl::Status Delete(const base::CallContext& context, const std::string& project_id,
                      const std::string& id);

 private:
  pg::Pool& pool_;
};

}  // namespace mediarouter::generation
