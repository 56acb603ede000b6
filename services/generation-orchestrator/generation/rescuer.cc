#include "generation/rescuer.h"

#include "base/status.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "pg/pool.h"

namespace mediarouter::generation {
namespace {

constexpr std::chrono::seconds kBudget{10};

constexpr char kLapsed[] =
    "SELECT generation_id, token || ' ' || expires_at AS seen FROM leases"
    " WHERE expires_at < clock_timestamp()";

// Only as it was seen: a lease that was renewed or taken meanwhile stays.
constexpr char kRescue[] =
    "WITH gone AS (DELETE FROM leases WHERE generation_id = $1"
    "   AND token || ' ' || expires_at = $2 RETURNING generation_id)"
    " INSERT INTO ready (generation_id, ready_at)"
    " SELECT generation_id, clock_timestamp() FROM gone";

constexpr char kRescueAll[] =
    "WITH gone AS (DELETE FROM leases RETURNING generation_id)"
    " INSERT INTO ready (generation_id, ready_at)"
    " SELECT generation_id, clock_timestamp() FROM gone";

}  // namespace

void Rescuer::Start() {
  thread_ = std::thread([this] {
    while (!stop_.WaitFor(term_ / 3)) Look();
  });
}

void Rescuer::Stop() {
  stop_.Request();
  if (thread_.joinable()) thread_.join();
}

int Rescuer::Look() {
  const auto context = base::CallContext::Background("rescuer", kBudget);
  int rescued = 0;
  std::map<std::string, Sighting> still;
  const absl::Status status = pool_.Autocommit(context, [&](pg::Session& session) -> absl::Status {
    const auto now = clock_.Steady();
    for (const pqxx::row& row : session.Exec(kLapsed)) {
      const auto id = row[0].as<std::string>();
      const auto seen = row[1].as<std::string>();
      const auto before = lapsed_.find(id);
      if (before == lapsed_.end() || before->second.token_and_expiry != seen) {
        still[id] = {seen, now};
      } else if (now - before->second.since < term_) {
        still[id] = before->second;
      } else if (session.Exec(kRescue, id, seen).affected_rows() == 1) {
        ++rescued;
        obs::Log(obs::Level::kWarn, "a lease was abandoned", {{"generation_id", id}});
      }
    }
    return absl::OkStatus();
  });
  // A look that failed breaks the observation: it starts anew.
  if (status.ok()) {
    lapsed_ = std::move(still);
  } else {
    lapsed_.clear();
    obs::Log(obs::Level::kWarn, "cannot look for abandoned leases",
             {{"error", base::Describe(status)}});
  }
  if (rescued > 0) {
    obs::Count("mediarouter_orchestrator_leases_rescued_total", "Leases of dead workers.", {},
               rescued);
    signal_.Notify();
  }
  return rescued;
}

int Rescuer::RescueAll() {
  const auto context = base::CallContext::Background("rescuer", kBudget);
  int rescued = 0;
  const absl::Status status = pool_.Autocommit(context, [&](pg::Session& session) -> absl::Status {
    rescued = static_cast<int>(session.Exec(kRescueAll).affected_rows());
    return absl::OkStatus();
  });
  if (!status.ok()) {
    obs::Log(obs::Level::kWarn, "cannot take over leases", {{"error", base::Describe(status)}});
  } else if (rescued > 0) {
    obs::Log(obs::Level::kInfo, "generations of an earlier run go on", {{"count", rescued}});
    signal_.Notify();
  }
  return rescued;
}

}  // namespace mediarouter::generation
