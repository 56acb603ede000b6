#include "generation/work_repository.h"

#include "base/fail_point.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "generation/rows.h"
#include "pg/pool.h"

namespace mediarouter::generation {
namespace {

using std::chrono::milliseconds;

// From the queue to a lease in one statement. SKIP LOCKED: orchestrators do not wait for each
// other. Read after the delete, so the row is as the holder before left it.
constexpr char kAcquire[] =
    "WITH taken AS ("
    "  DELETE FROM ready WHERE generation_id IN ("
    "    SELECT generation_id FROM ready WHERE ready_at <= clock_timestamp()"
    "    ORDER BY ready_at, generation_id LIMIT $2 FOR UPDATE SKIP LOCKED)"
    "  RETURNING generation_id),"
    " lease AS ("
    "  INSERT INTO leases (generation_id, holder, token, expires_at)"
    "  SELECT generation_id, $1, nextval('lease_tokens'),"
    "    clock_timestamp() + $3 * interval '1 millisecond' FROM taken"
    "  RETURNING generation_id, token)"
    " SELECT l.token, " MR_GENERATION_COLUMNS ", " MR_ATTEMPT_COLUMNS
    " FROM lease l JOIN generations g ON g.id = l.generation_id"
    " LEFT JOIN submit_attempts a ON a.generation_id = g.id AND a.number = g.attempt";

constexpr char kRenew[] =
    "UPDATE leases l SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'"
    " FROM unnest($1::text[], $2::text[]) AS r(id, token)"
    " WHERE l.generation_id = r.id AND l.token = r.token::bigint RETURNING l.generation_id";

constexpr char kCancelRequested[] =
    "SELECT id FROM generations WHERE cancel_requested_at IS NOT NULL AND ended_at IS NULL"
    " AND id = ANY($1::text[])";

constexpr char kRelease[] =
    "WITH gone AS (DELETE FROM leases WHERE generation_id = $1 AND token = $2"
    "   RETURNING generation_id)"
    " INSERT INTO ready (generation_id, ready_at)"
    " SELECT generation_id, clock_timestamp() + $3 * interval '1 millisecond' FROM gone";

constexpr char kReleaseHolder[] =
    "WITH gone AS (DELETE FROM leases WHERE holder = $1 RETURNING generation_id)"
    " INSERT INTO ready (generation_id, ready_at)"
    " SELECT generation_id, clock_timestamp() FROM gone";

constexpr char kEvidence[] =
    "INSERT INTO job_evidence (generation_id, attempt, provider_job_id) VALUES ($1, $2, $3)"
    " ON CONFLICT DO NOTHING";

constexpr char kRecordJob[] =
    "UPDATE submit_attempts SET provider_job_id = $3, outcome = 'accepted',"
    " recorded_at = clock_timestamp()"
    " WHERE generation_id = $1 AND number = $2"
    " AND (provider_job_id IS NULL OR provider_job_id = $3)";

constexpr char kProvider[] = "SELECT provider FROM generations WHERE id = $1";

// KEY SHARE holds off the rescuer's DELETE, but not renewals: a change under a lease commits
// before the generation can be handed to somebody else.
constexpr char kLockLease[] =
    "SELECT 1 FROM leases WHERE generation_id = $1 AND token = $2 FOR KEY SHARE";

constexpr char kLock[] =
    "SELECT " MR_GENERATION_COLUMNS
    ", (extract(epoch FROM clock_timestamp() - g.created_at) * 1000)::bigint AS age"
    " FROM generations g WHERE g.id = $1 FOR UPDATE";

constexpr char kAttempt[] =
    "SELECT " MR_ATTEMPT_COLUMNS
    ", (extract(epoch FROM clock_timestamp() - a.began_at) * 1000)::bigint AS age"
    " FROM submit_attempts a WHERE a.generation_id = $1 AND a.number = $2";

// Never backwards; readers of the list see the change by its version.
constexpr char kProgress[] =
    "UPDATE generations g SET progress = r.percent::integer, version = version + 1"
    " FROM unnest($1::text[], $2::text[], $3::text[]) AS r(id, token, percent)"
    " JOIN leases l ON l.generation_id = r.id AND l.token = r.token::bigint"
    " WHERE g.id = r.id AND g.step = 'submitted' AND g.progress < r.percent::integer";

struct Columns {
  std::vector<std::string> ids;
  std::vector<std::string> tokens;
};

Columns Split(const std::vector<Lease>& leases) {
  Columns columns;
  for (const Lease& lease : leases) {
    columns.ids.push_back(lease.generation_id);
    columns.tokens.push_back(std::to_string(lease.token));
  }
  return columns;
}

absl::Status LeaseLost(const Lease& lease) {
  return base::Aborted("lease_lost", "the lease {} on {} is not the caller's any more", lease.token,
                       lease.generation_id);
}

std::vector<std::string> FirstColumn(const pqxx::result& rows) {
  std::vector<std::string> values;
  values.reserve(rows.size());
  for (const pqxx::row& row : rows) values.push_back(row[0].as<std::string>());
  return values;
}

}  // namespace

absl::StatusOr<std::vector<WorkItem>> WorkRepository::Acquire(const base::CallContext& context,
                                                              const std::string& holder, int max) {
  auto leased =
      pool_.Autocommit(context, [&](pg::Session& session) -> absl::StatusOr<std::vector<WorkItem>> {
        std::vector<WorkItem> items;
        for (const pqxx::row& row :
             session.Exec(kAcquire, holder, max, static_cast<std::int64_t>(lease_term_.count()))) {
          WorkItem item;
          item.generation = ReadGeneration(row);
          item.lease = {item.generation.id, row["token"].as<std::int64_t>()};
          item.attempt = ReadAttempt(row);
          items.push_back(std::move(item));
        }
        return items;
      });
  if (leased.ok() && !leased->empty()) MR_FAIL_POINT("orchestrator.leased");
  return leased;
}

absl::StatusOr<std::vector<std::string>> WorkRepository::Renew(const base::CallContext& context,
                                                               const std::vector<Lease>& leases) {
  const Columns columns = Split(leases);
  return pool_.Autocommit(
      context, [&](pg::Session& session) -> absl::StatusOr<std::vector<std::string>> {
        return FirstColumn(session.Exec(kRenew, pg::TextArray(columns.ids),
                                        pg::TextArray(columns.tokens),
                                        static_cast<std::int64_t>(lease_term_.count())));
      });
}

absl::StatusOr<std::vector<std::string>> WorkRepository::CancelRequested(
    const base::CallContext& context, const std::vector<Lease>& leases) {
  const Columns columns = Split(leases);
  return pool_.Read(context, [&](pg::Session& session) -> absl::StatusOr<std::vector<std::string>> {
    return FirstColumn(session.Exec(kCancelRequested, pg::TextArray(columns.ids)));
  });
}

absl::Status WorkRepository::Release(const base::CallContext& context, const Lease& lease,
                                     milliseconds delay) {
  return pool_.Autocommit(context, [&](pg::Session& session) -> absl::Status {
    session.Exec(kRelease, lease.generation_id, lease.token,
                 static_cast<std::int64_t>(delay.count()));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> WorkRepository::ProviderOf(const base::CallContext& context,
                                                       const Lease& lease) {
  return pool_.Read(context, [&](pg::Session& session) -> absl::StatusOr<std::string> {
    const pqxx::result rows = session.Exec(kProvider, lease.generation_id);
    if (rows.empty()) return LeaseLost(lease);
    return rows.at(0)[0].as<std::string>();
  });
}

absl::StatusOr<int> WorkRepository::ReleaseHolder(const base::CallContext& context,
                                                  const std::string& holder) {
  return pool_.Autocommit(context, [&](pg::Session& session) -> absl::StatusOr<int> {
    return static_cast<int>(session.Exec(kReleaseHolder, holder).affected_rows());
  });
}

absl::Status WorkRepository::RecordJob(const base::CallContext& context,
                                       const std::string& generation_id, int attempt,
                                       const std::string& provider_job_id) {
  MR_RETURN_IF_ERROR(pool_.Autocommit(context, [&](pg::Session& session) -> absl::Status {
    session.Exec(kEvidence, generation_id, attempt, provider_job_id);
    return absl::OkStatus();
  }));
  const absl::Status status = pool_.Autocommit(context, [&](pg::Session& session) -> absl::Status {
    const pqxx::result rows = session.Exec(kRecordJob, generation_id, attempt, provider_job_id);
    if (rows.affected_rows() == 1) return absl::OkStatus();
    return base::Aborted("second_job", "attempt {} of {} has another job already", attempt,
                         generation_id);
  });
  if (status.code() != absl::StatusCode::kAlreadyExists) return status;
  return base::Aborted("job_claimed", "the job of attempt {} of {} belongs to another attempt",
                       attempt, generation_id);
}

absl::Status WorkRepository::Hold(const base::CallContext& context, const Lease& lease,
                                  const std::function<absl::Status(HeldGeneration&)>& change,
                                  const std::function<absl::Status(const Generation&)>& ended) {
  return pool_.Transact(context, [&](pg::Session& session) -> absl::Status {
    const bool held = !session.Exec(kLockLease, lease.generation_id, lease.token).empty();
    const pqxx::result rows = session.Exec(kLock, lease.generation_id);
    if (rows.empty()) return LeaseLost(lease);
    Generation generation = ReadGeneration(rows.at(0));
    // The same report again, after it was acknowledged to nobody.
    if (generation.step == Step::kDone) return ended(generation);
    if (!held) return LeaseLost(lease);
    const milliseconds age(rows.at(0)["age"].as<std::int64_t>());
    std::optional<SubmitAttempt> attempt;
    milliseconds attempt_age(0);
    if (generation.attempt > 0) {
      const pqxx::row row = session.Exec(kAttempt, generation.id, generation.attempt).at(0);
      attempt = ReadAttempt(row);
      attempt_age = milliseconds(row["age"].as<std::int64_t>());
    }
    HeldGeneration transition(session, std::move(generation), std::move(attempt), attempt_age, age);
    return change(transition);
  });
}

absl::Status WorkRepository::Progress(const base::CallContext& context,
                                      const std::vector<generation::Progress>& progress) {
  std::vector<std::string> ids;
  std::vector<std::string> tokens;
  std::vector<std::string> percents;
  for (const generation::Progress& each : progress) {
    ids.push_back(each.lease.generation_id);
    tokens.push_back(std::to_string(each.lease.token));
    percents.push_back(std::to_string(each.percent));
  }
  return pool_.Autocommit(context, [&](pg::Session& session) -> absl::Status {
    session.Exec(kProgress, pg::TextArray(ids), pg::TextArray(tokens), pg::TextArray(percents));
    return absl::OkStatus();
  });
}

}  // namespace mediarouter::generation
