#include "media/sweeper.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "media/metrics.h"
#include "obs/log.h"

namespace mediarouter::media {
namespace {

// An ingest that ran to its limit still has to be probed, synced and published.
constexpr auto kFinishing = std::chrono::minutes(5);
// All 256 shelves are seen within six hours; a sweep of ten million files would take minutes.
constexpr int kShelvesPerSweep = 8;
constexpr std::size_t kBatch = 200;
constexpr auto kCallBudget = std::chrono::seconds(30);

base::CallContext Call() { return base::CallContext::Background("sweep", kCallBudget); }

void LogFault(const char* step, const absl::Status& status) {
  obs::Log(obs::Level::kWarn, "a sweep was cut short",
           {{"step", step}, {"error", base::Describe(status)}});
}

void Note(const char* kind, int amount) {
  CountSwept(kind, amount);
  if (amount > 0) obs::Log(obs::Level::kInfo, "swept", {{"kind", kind}, {"amount", amount}});
}

}  // namespace

Sweeper::Sweeper(AssetRepository& assets, BlobStore& blobs, const base::Clock& clock,
                 std::chrono::milliseconds longest_ingest)
    : assets_(assets),
      blobs_(blobs),
      clock_(clock),
      min_age_(longest_ingest + kFinishing),
      // Processes that share the volume, and one that restarts often, begin at different ones.
      next_shelf_(
          static_cast<int>(std::random_device{}() % static_cast<unsigned>(blobs.shelves()))) {}

Sweeper::~Sweeper() { Stop(); }

void Sweeper::Start(std::chrono::milliseconds interval) {
  thread_ = std::thread([this, interval] {
    do {
      Sweep(kShelvesPerSweep);
    } while (!stop_.WaitFor(interval));
  });
}

void Sweeper::Stop() {
  stop_.Request();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::Sweep(int shelves) {
  const std::lock_guard lock(sweeping_);
  const base::Clock::SystemTime before = clock_.Now() - min_age_;
  const absl::StatusOr<int> unfinished = blobs_.RemoveUnfinished(before);
  if (!unfinished.ok()) LogFault("unfinished", unfinished.status());
  Note("unfinished", unfinished.value_or(0));
  RemoveStaleRows(before);
  for (int i = 0; i < shelves && !stop_.Requested(); ++i) {
    RemoveOrphans(next_shelf_, before);
    next_shelf_ = (next_shelf_ + 1) % blobs_.shelves();
  }
  const absl::StatusOr<std::int64_t> free = blobs_.FreeBytes();
  if (free.ok()) SetFreeBytes(*free);
}

void Sweeper::RemoveStaleRows(base::Clock::SystemTime before) {
  const auto remove_bytes = [this](const std::string& id) {
    const absl::Status status = blobs_.Remove(id);
    if (!status.ok()) LogFault("row", status);
    return status.ok();
  };
  while (!stop_.Requested()) {
    const absl::StatusOr<int> purged =
        assets_.Purge(Call(), before, static_cast<int>(kBatch), remove_bytes);
    if (!purged.ok()) return LogFault("row", purged.status());
    Note("row", *purged);
    if (*purged < static_cast<int>(kBatch)) return;
  }
}

void Sweeper::RemoveOrphans(int shelf, base::Clock::SystemTime before) {
  std::vector<std::string> ids;
  const absl::Status listed =
      blobs_.ListShelf(shelf, before, [&ids](std::string id) { ids.push_back(std::move(id)); });
  if (!listed.ok()) LogFault("orphan", listed);
  for (std::size_t first = 0; first < ids.size() && !stop_.Requested(); first += kBatch) {
    const std::size_t last = std::min(first + kBatch, ids.size());
    const auto orphans = assets_.WithoutRow(
        Call(), {ids.begin() + static_cast<long>(first), ids.begin() + static_cast<long>(last)});
    if (!orphans.ok()) return LogFault("orphan", orphans.status());
    int removed = 0;
    for (const std::string& id : *orphans) removed += blobs_.Remove(id).ok() ? 1 : 0;
    Note("orphan", removed);
  }
}

}  // namespace mediarouter::media
