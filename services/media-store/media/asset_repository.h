#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/clock.h"
#include "media/asset.h"

namespace mediarouter::pg {
class Pool;
}

namespace mediarouter::media {

// The table `assets`. Besides what is named, each method fails as pg/errors.h says. Thread-safe.
class AssetRepository {
 public:
  using Time = base::Clock::SystemTime;

  AssetRepository(pg::Pool& pool, const base::Clock& clock) : pool_(pool), clock_(clock) {}

  // Makes the row, `ingesting`. An asset: the row was there already, and this is it.
  absl::StatusOr<std::optional<Asset>> Begin(const base::CallContext& call, const std::string& id);

  // Aborted `ingest_lost` when the row is not `ingesting` (any more): deleted or swept meanwhile.
  absl::StatusOr<Asset> MarkReady(const base::CallContext& call, const Asset& asset);

  // Removes the row if it is `ingesting`. True when the id is not READY, for good: a MarkReady
  // whose answer was lost finds no row any more.
  absl::StatusOr<bool> Abandon(const base::CallContext& call, const std::string& id);

  // In any state. NotFound `asset_not_found`.
  absl::StatusOr<Asset> Find(const base::CallContext& call, const std::string& id);

  // Leaves a row `deleted`, also for an id that never was, so that a late ingest fails.
  absl::Status MarkDeleted(const base::CallContext& call, const std::string& id);

  // Of at most `limit` rows that are not READY and older than `before`: calls `remove_bytes` for
  // each under its row's lock, then removes the rows for which that returned true. Returns how
  // many.
  absl::StatusOr<int> Purge(const base::CallContext& call, Time before, int limit,
                            const std::function<bool(const std::string& id)>& remove_bytes);

  // Those of `ids` that have no row.
  absl::StatusOr<std::vector<std::string>> WithoutRow(const base::CallContext& call,
                                                      const std::vector<std::string>& ids);

 private:
  pg::Pool& pool_;
  const base::Clock& clock_;
};

}  // namespace mediarouter::media
