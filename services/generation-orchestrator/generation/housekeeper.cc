#include "generation/housekeeper.h"

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "generation/generation.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "pg/pool.h"
#include "rpc/sync_call.h"

namespace mediarouter::generation {
namespace {

namespace pb = mediarouter::media::v1;

constexpr std::chrono::seconds kBudget{30};
constexpr std::chrono::seconds kRound{1};
constexpr int kRoundsPerSlowRound = 30;

// Taking a task moves it into the future: when this process dies, another one does it then.
constexpr char kTake[] =
    "UPDATE tasks SET tries = tries + 1, run_at = clock_timestamp() +"
    "   least(3600, power(2, least(tries, 12))) * interval '5 seconds'"
    " WHERE id IN (SELECT id FROM tasks WHERE run_at <= clock_timestamp() ORDER BY run_at, id"
    "   LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING id, subject";
constexpr char kFinish[] = "DELETE FROM tasks WHERE id = $1";

constexpr char kKeyInUse[] =
    "SELECT 1 FROM submit_attempts a JOIN generations g ON g.id = a.generation_id"
    " WHERE a.provider_key_id = $1 AND g.ended_at IS NULL LIMIT 1";

constexpr char kOpenByStep[] =
    "SELECT step, count(*) FROM generations WHERE ended_at IS NULL GROUP BY step";

}  // namespace

void Housekeeper::Start() {
  thread_ = std::thread([this] {
    for (int round = 0; !stop_.WaitFor(kRound); ++round) {
      RunTasks();
      if (round % kRoundsPerSlowRound == 0) {
        DestroyRevokedKeys();
        Measure();
      }
    }
  });
}

void Housekeeper::Stop() {
  stop_.Request();
  if (thread_.joinable()) thread_.join();
}

int Housekeeper::RunTasks() {
  struct Task {
    std::int64_t id;
    std::string subject;
  };
  const auto context = base::CallContext::Background("housekeeper", kBudget);
  const auto tasks =
      pool_.Autocommit(context, [](pg::Session& session) -> absl::StatusOr<std::vector<Task>> {
        std::vector<Task> taken;
        for (const pqxx::row& row : session.Exec(kTake)) {
          taken.push_back({row[0].as<std::int64_t>(), row[1].as<std::string>()});
        }
        return taken;
      });
  if (!tasks.ok()) {
    obs::Log(obs::Level::kWarn, context, "cannot read tasks",
             {{"error", base::Describe(tasks.status())}});
    return 0;
  }
  const auto stub = pb::MediaService::NewStub(media_);
  int finished = 0;
  for (const Task& task : *tasks) {
    pb::DeleteAssetRequest request;
    request.set_id(task.subject);
    absl::Status status = rpc::SyncCall<google::protobuf::Empty>(
                              *stub, &pb::MediaService::Stub::DeleteAsset, context, request)
                              .status();
    if (status.ok()) {
      status = pool_.Autocommit(context, [&](pg::Session& session) -> absl::Status {
        session.Exec(kFinish, task.id);
        return absl::OkStatus();
      });
    }
    if (status.ok()) {
      ++finished;
    } else {
      obs::Log(obs::Level::kWarn, context, "a file is not deleted yet",
               {{"asset_id", task.subject}, {"error", base::Describe(status)}});
    }
  }
  return finished;
}

void Housekeeper::DestroyRevokedKeys() {
  const auto context = base::CallContext::Background("housekeeper", kBudget);
  const auto revoked = keys_.Revoked(context);
  if (!revoked.ok()) return;  // the vault is away: the next round asks again
  const auto now = clock_.Steady();
  std::erase_if(unused_since_, [&](const auto& entry) {
    return std::find(revoked->begin(), revoked->end(), entry.first) == revoked->end();
  });
  for (const std::int64_t key : *revoked) {
    const auto in_use = pool_.Read(context, [&](pg::Session& session) -> absl::StatusOr<bool> {
      return !session.Exec(kKeyInUse, key).empty();
    });
    if (!in_use.ok()) continue;
    if (*in_use) {
      unused_since_.erase(key);
      continue;
    }
    const auto since = unused_since_.try_emplace(key, now).first->second;
    if (now - since >= key_calm_) {
      const absl::Status status = keys_.Destroy(context, key);
      obs::Log(obs::Level::kInfo, context, "destroyed the secret of a revoked provider key",
               {{"provider_key_id", key}, {"result", base::Describe(status)}});
    }
  }
}

void Housekeeper::Measure() {
  const auto context = base::CallContext::Background("housekeeper", kBudget);
  const auto counts = pool_.Read(
      context, [](pg::Session& session) -> absl::StatusOr<std::map<std::string, double>> {
        std::map<std::string, double> by_step;
        for (const pqxx::row& row : session.Exec(kOpenByStep)) {
          by_step[row[0].as<std::string>()] = row[1].as<double>();
        }
        return by_step;
      });
  if (!counts.ok()) return;
  for (const Step step :
       {Step::kQueued, Step::kSubmitting, Step::kReconciling, Step::kSubmitted, Step::kStoring}) {
    const std::string name(ToText(step));
    const auto found = counts->find(name);
    obs::SetGauge("mediarouter_orchestrator_generations_open", "Open generations by step.",
                  {{"step", name}}, found == counts->end() ? 0 : found->second);
  }
}

}  // namespace mediarouter::generation
