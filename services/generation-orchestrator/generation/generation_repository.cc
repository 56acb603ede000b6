#include "generation/generation_repository.h"

#include "base/fail_point.h"
#include "base/status.h"
#include "generation/rows.h"
#include "pg/pool.h"

namespace mediarouter::generation {
namespace {

// One statement, no explicit transaction: accepted means committed, at one flush. ON CONFLICT makes
// it repeatable with the same id, which is how an acknowledgement that got lost is resolved.
constexpr char kCreate[] =
    "WITH g AS ("
    "  INSERT INTO generations (id, project_id, access_key_id, provider, model, upstream_model,"
    "    prompt, duration, aspect_ratio, size, seed, fps, price_version, estimated_cost_micros)"
    "  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    "  ON CONFLICT (id) DO NOTHING RETURNING *),"
    " event AS ("
    "  INSERT INTO events (generation_id, sequence, project_id, type, data)"
    "  SELECT id, 1, project_id, 'generation.queued', '{}' FROM g),"
    " queue AS ("
    "  INSERT INTO ready (generation_id, ready_at) SELECT id, created_at FROM g)"
    " SELECT " MR_GENERATION_COLUMNS " FROM g";

constexpr char kGet[] =
    "SELECT " MR_GENERATION_COLUMNS
    " FROM generations g WHERE g.id = $1 AND ($2::text = '' OR g.project_id = $2)"
    " AND g.deleted_at IS NULL";

// Null parameters switch a filter off. The row comparison walks generations_by_project.
constexpr char kList[] =
    "SELECT " MR_GENERATION_COLUMNS
    " FROM generations g WHERE g.project_id = $1 AND g.deleted_at IS NULL"
    " AND ($2::text IS NULL OR g.provider = $2)"
    " AND ($3::text IS NULL OR g.model = $3)"
    " AND ($4::text IS NULL OR g.state = $4)"
    " AND ($5::text IS NULL OR position(lower($5) IN lower(g.prompt)) > 0)"
    " AND ($6::bigint IS NULL OR g.created_at >= to_timestamp(0) + $6 * interval '1 microsecond')"
    " AND ($7::bigint IS NULL OR g.created_at < to_timestamp(0) + $7 * interval '1 microsecond')"
    " AND ($8::bigint IS NULL OR (g.created_at, g.id) <"
    "      (to_timestamp(0) + $8 * interval '1 microsecond', $9::text))"
    " ORDER BY g.created_at DESC, g.id DESC LIMIT $10 OFFSET $11";

constexpr char kLock[] =
    "SELECT " MR_GENERATION_COLUMNS
    " FROM generations g WHERE g.id = $1 AND g.project_id = $2 AND g.deleted_at IS NULL FOR UPDATE";

constexpr char kLeaveQueue[] = "DELETE FROM ready WHERE generation_id = $1";

constexpr char kEndCancelled[] =
    "WITH g AS ("
    "  UPDATE generations g SET state = 'cancelled', step = 'done', error_code = 'cancelled',"
    "    error = 'cancelled before it was sent to a provider', ended_at = clock_timestamp(),"
    "    cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()), cost_micros = 0,"
    "    version = version + 1, event_sequence = event_sequence + 1"
    "  WHERE id = $1 RETURNING *),"
    " event AS ("
    "  INSERT INTO events (generation_id, sequence, project_id, type, data)"
    "  SELECT id, event_sequence, project_id, 'generation.cancelled', '{}' FROM g)"
    " SELECT " MR_GENERATION_COLUMNS " FROM g";

constexpr char kWishCancelled[] =
    "WITH g AS ("
    "  UPDATE generations g SET cancel_requested_at = coalesce(cancel_requested_at,"
    "    clock_timestamp()), version = version + 1 WHERE id = $1 RETURNING *)"
    " SELECT " MR_GENERATION_COLUMNS " FROM g";

constexpr char kHide[] =
    "UPDATE generations SET deleted_at = clock_timestamp(), version = version + 1 WHERE id = $1";

constexpr char kLeaveAssetToTask[] =
    "INSERT INTO tasks (kind, subject) VALUES ('delete_asset', $1)";

absl::Status NotFound(const std::string& id) {
  return base::NotFound("generation_not_found", "generation '{}' does not exist", id);
}

std::optional<std::string> Micros(const std::optional<Time>& time) {
  if (!time) return std::nullopt;
  return MicrosText(*time);
}

// Under the row's lock. In the queue: ended on the spot. With a worker: the wish is noted, and the
// provider's word ends it.
Generation CallOff(pg::Session& session, const Generation& generation) {
  const bool queued = generation.step == Step::kQueued &&
                      session.Exec(kLeaveQueue, generation.id).affected_rows() == 1;
  const char* sql = queued ? kEndCancelled : kWishCancelled;
  return ReadGeneration(session.Exec(sql, generation.id).at(0));
}

}  // namespace

absl::StatusOr<Generation> GenerationRepository::Create(const base::CallContext& context,
                                                        const Generation& wanted) {
  auto created = pool_.Autocommit(
      context, [&](pg::Session& session) -> absl::StatusOr<std::optional<Generation>> {
        const pqxx::result rows =
            session.Exec(kCreate, wanted.id, wanted.project_id, wanted.access_key_id,
                         wanted.provider, wanted.model, wanted.upstream_model, wanted.prompt,
                         wanted.duration, wanted.aspect_ratio, wanted.size, wanted.seed, wanted.fps,
                         wanted.price_version, wanted.estimated_cost_micros);
        if (rows.empty()) return std::nullopt;
        return ReadGeneration(rows.at(0));
      });
  if (!created.ok()) return created.status();
  MR_FAIL_POINT("orchestrator.created");
  if (*created) return **std::move(created);
  return Get(context, "", wanted.id);
}

absl::StatusOr<Generation> GenerationRepository::Get(const base::CallContext& context,
                                                     const std::string& project_id,
                                                     const std::string& id) {
  return pool_.Read(context, [&](pg::Session& session) -> absl::StatusOr<Generation> {
    const pqxx::result rows = session.Exec(kGet, id, project_id);
    if (rows.empty()) return NotFound(id);
    return ReadGeneration(rows.at(0));
  });
}

absl::StatusOr<std::vector<Generation>> GenerationRepository::List(const base::CallContext& context,
                                                                   const ListQuery& query) {
  return pool_.Read(context, [&](pg::Session& session) -> absl::StatusOr<std::vector<Generation>> {
    const pqxx::result rows =
        session.Exec(kList, query.project_id, query.provider, query.model, query.state, query.text,
                     Micros(query.created_after), Micros(query.created_before),
                     Micros(query.after_created), query.after_id, query.limit, query.skip);
    std::vector<Generation> generations;
    generations.reserve(rows.size());
    for (const pqxx::row& row : rows) generations.push_back(ReadGeneration(row));
    return generations;
  });
}

absl::StatusOr<Generation> GenerationRepository::Cancel(const base::CallContext& context,
                                                        const std::string& project_id,
                                                        const std::string& id) {
  return pool_.Transact(context, [&](pg::Session& session) -> absl::StatusOr<Generation> {
    const pqxx::result rows = session.Exec(kLock, id, project_id);
    if (rows.empty()) return NotFound(id);
    Generation generation = ReadGeneration(rows.at(0));
    if (generation.state == State::kCancelled) return generation;
    if (generation.step == Step::kDone) {
      return base::FailedPrecondition("generation_ended", "generation '{}' is {} already", id,
                                      ToText(generation.state));
    }
    return CallOff(session, generation);
  });
}

absl::Status GenerationRepository::Delete(const base::CallContext& context,
                                          const std::string& project_id, const std::string& id) {
  return pool_.Transact(context, [&](pg::Session& session) -> absl::Status {
    const pqxx::result rows = session.Exec(kLock, id, project_id);
    if (rows.empty()) return NotFound(id);
    const Generation generation = ReadGeneration(rows.at(0));
    if (generation.step != Step::kDone) CallOff(session, generation);
    if (generation.video) session.Exec(kLeaveAssetToTask, generation.video->asset_id);
    session.Exec(kHide, id);
    return absl::OkStatus();
  });
}

}  // namespace mediarouter::generation
