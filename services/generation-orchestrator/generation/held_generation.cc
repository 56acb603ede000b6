#include <fmt/format.h>

#include "generation/rows.h"
#include "generation/work_repository.h"
#include "pg/pool.h"

namespace mediarouter::generation {
namespace {

using std::chrono::milliseconds;

// The fingerprint tells which attempts could own the same job when only a list can tell.
constexpr char kBeginAttempt[] =
    "INSERT INTO submit_attempts AS a (generation_id, number, provider, provider_key_id,"
    "  external_id, request_id, fingerprint)"
    " SELECT id, attempt, provider, $2, $3, $4,"
    "  md5(concat_ws(chr(1), upstream_model, duration, size, prompt))"
    " FROM generations WHERE id = $1 RETURNING " MR_ATTEMPT_COLUMNS;

constexpr char kSetOutcome[] =
    "UPDATE submit_attempts SET outcome = $3, recorded_at = clock_timestamp()"
    " WHERE generation_id = $1 AND number = $2 AND outcome <> 'accepted'";

constexpr char kAdopt[] =
    "UPDATE submit_attempts SET outcome = 'accepted', provider_job_id = $3,"
    " recorded_at = clock_timestamp() WHERE generation_id = $1 AND number = $2";

constexpr char kMove[] =
    "UPDATE generations SET state = CASE WHEN $2 = 'queued' THEN 'queued' ELSE 'processing' END,"
    " step = $2, attempt = $3, version = version + 1, event_sequence = event_sequence + 1"
    " WHERE id = $1";

constexpr char kSetCost[] = "UPDATE generations SET cost_micros = $2 WHERE id = $1";

constexpr char kNote[] = "UPDATE generations SET error_code = $2, error = $3 WHERE id = $1";

constexpr char kEnd[] =
    "UPDATE generations SET state = $2, step = 'done', error_code = $3, error = $4,"
    " cost_micros = coalesce($5, cost_micros), ended_at = clock_timestamp(),"
    " version = version + 1, event_sequence = event_sequence + 1 WHERE id = $1";

constexpr char kComplete[] =
    "UPDATE generations SET state = 'completed', step = 'done', error = NULL, error_code = NULL,"
    " progress = 100, asset_id = $2, video_duration_ms = $3, video_width = $4, video_height = $5,"
    " video_bytes = $6, ended_at = clock_timestamp(), version = version + 1,"
    " event_sequence = event_sequence + 1 WHERE id = $1";

// Before an ingest: the task deletes the asset unless Complete takes it back.
constexpr char kAnnounceAsset[] =
    "INSERT INTO tasks (kind, subject, run_at) SELECT 'delete_asset', $1,"
    "  clock_timestamp() + interval '6 hours'"
    " WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE subject = $1)";

// Not once it has begun to run: then the file may be gone.
constexpr char kTakeBack[] = "DELETE FROM tasks WHERE subject = $1 AND tries = 0";

// A generation that was deleted meanwhile has a video that nobody will ask for.
constexpr char kLeaveHiddenAssetToTask[] =
    "INSERT INTO tasks (kind, subject) SELECT 'delete_asset', asset_id FROM generations"
    " WHERE id = $1 AND deleted_at IS NOT NULL";

constexpr char kEvent[] =
    "INSERT INTO events (generation_id, sequence, project_id, type, data)"
    " SELECT id, event_sequence, project_id, $2, jsonb_build_object('step', step)"
    " FROM generations WHERE id = $1";

constexpr char kCloseLease[] = "DELETE FROM leases WHERE generation_id = $1";

constexpr char kQueue[] =
    "INSERT INTO ready (generation_id, ready_at)"
    " VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')";

constexpr char kClaimed[] =
    "SELECT provider_job_id FROM submit_attempts"
    " WHERE provider = $1 AND provider_job_id = ANY($2::text[])";

constexpr char kOthers[] =
    "SELECT (extract(epoch FROM clock_timestamp() - max(o.began_at)) * 1000)::bigint AS youngest"
    " FROM submit_attempts o JOIN submit_attempts a"
    "   ON a.provider = o.provider AND a.fingerprint = o.fingerprint"
    " WHERE a.generation_id = $1 AND a.number = $2 AND o.outcome IN ('open', 'ambiguous')"
    "   AND (o.generation_id, o.number) <> (a.generation_id, a.number)";

}  // namespace

void HeldGeneration::Event(const std::string& type) { session_.Exec(kEvent, generation_.id, type); }

void HeldGeneration::CloseLease() { session_.Exec(kCloseLease, generation_.id); }

void HeldGeneration::BeginAttempt(std::int64_t provider_key_id, const std::string& external_id,
                                  const std::string& request_id) {
  ++generation_.attempt;
  MoveTo(Step::kSubmitting);
  const pqxx::result rows =
      session_.Exec(kBeginAttempt, generation_.id, provider_key_id, external_id, request_id);
  attempt_ = ReadAttempt(rows.at(0));
  attempt_age_ = milliseconds(0);
}

void HeldGeneration::SetAttemptOutcome(const char* outcome) {
  session_.Exec(kSetOutcome, generation_.id, generation_.attempt, std::string(outcome));
}

void HeldGeneration::MoveTo(Step step) {
  session_.Exec(kMove, generation_.id, std::string(ToText(step)), generation_.attempt);
  generation_.step = step;
  generation_.state = step == Step::kQueued ? State::kQueued : State::kProcessing;
  Event(step == Step::kQueued ? "generation.queued" : "generation.processing");
}

void HeldGeneration::SetCost(std::int64_t micros) {
  session_.Exec(kSetCost, generation_.id, micros);
}

void HeldGeneration::Requeue(const std::string& code, const std::string& message,
                             milliseconds delay) {
  session_.Exec(kNote, generation_.id, code, message);
  MoveTo(Step::kQueued);
  CloseLease();
  session_.Exec(kQueue, generation_.id, static_cast<std::int64_t>(delay.count()));
}

void HeldGeneration::End(State state, const std::string& code, const std::string& message,
                         std::optional<std::int64_t> cost_micros) {
  session_.Exec(kEnd, generation_.id, std::string(ToText(state)), code, message, cost_micros);
  generation_.state = state;
  generation_.step = Step::kDone;
  Event(fmt::format("generation.{}", ToText(state)));
  CloseLease();
}

void HeldGeneration::AnnounceAsset(const std::string& asset_id) {
  session_.Exec(kAnnounceAsset, asset_id);
}

bool HeldGeneration::Complete(const Video& video) {
  if (session_.Exec(kTakeBack, video.asset_id).affected_rows() == 0) return false;
  session_.Exec(kComplete, generation_.id, video.asset_id, video.duration_ms, video.width,
                video.height, video.size_bytes);
  session_.Exec(kLeaveHiddenAssetToTask, generation_.id);
  generation_.state = State::kCompleted;
  generation_.step = Step::kDone;
  Event("generation.completed");
  CloseLease();
  return true;
}

std::vector<std::string> HeldGeneration::Unclaimed(const std::vector<std::string>& candidates) {
  std::vector<std::string> free = candidates;
  for (const pqxx::row& row :
       session_.Exec(kClaimed, generation_.provider, pg::TextArray(candidates))) {
    std::erase(free, row[0].as<std::string>());
  }
  return free;
}

milliseconds HeldGeneration::UntilOthersSettle(milliseconds window) {
  const pqxx::field youngest =
      session_.Exec(kOthers, generation_.id, generation_.attempt).at(0).at(0);
  if (youngest.is_null()) return milliseconds(0);
  return std::max(milliseconds(0), window - milliseconds(youngest.as<std::int64_t>()));
}

void HeldGeneration::Adopt(const std::string& provider_job_id) {
  session_.Exec(kAdopt, generation_.id, generation_.attempt, provider_job_id);
  attempt_->provider_job_id = provider_job_id;
}

}  // namespace mediarouter::generation
