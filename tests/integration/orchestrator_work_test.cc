#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "generation/rescuer.h"
#include "orchestrator_fixture.h"
#include "support/fake_clock.h"

// The rules of the job protocol, on a real database.
namespace mediarouter::generation {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Orchestrator;

constexpr absl::StatusCode kAborted = absl::StatusCode::kAborted;

// As if the worker had died and its lease had been taken away.
Lease HandOver(Orchestrator& orchestrator, const Lease& lease) {
  REQUIRE_OK(orchestrator.work.Release(orchestrator.none, lease, milliseconds(0)));
  const auto items = orchestrator.Acquire();
  REQUIRE(items.size() == 1);
  return items[0].lease;
}

TEST_CASE("a generation is handed to one worker", "[integration]") {
  Orchestrator orchestrator;
  for (int i = 0; i < 40; ++i) orchestrator.Create();
  std::vector<std::thread> workers;
  std::mutex mutex;
  std::multiset<std::string> handed;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (true) {
        const auto items =
            orchestrator.work.Acquire(orchestrator.none, "worker", 3, milliseconds(0));
        if (!items.ok() || items->empty()) return;
        const std::lock_guard lock(mutex);
        for (const WorkItem& item : *items) handed.insert(item.generation.id);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(handed.size() == 40);
  CHECK(std::set<std::string>(handed.begin(), handed.end()).size() == 40);
  CHECK(orchestrator.Sql("SELECT count(*) FROM ready") == "0");
}

TEST_CASE("a worker that waits is woken by a create", "[integration]") {
  Orchestrator orchestrator;
  absl::StatusOr<std::vector<WorkItem>> items;
  std::thread worker(
      [&] { items = orchestrator.work.Acquire(orchestrator.none, "worker", 10, seconds(30)); });
  const std::string id = orchestrator.Create().id;
  worker.join();
  REQUIRE_OK(items);
  REQUIRE(items->size() == 1);
  CHECK(items->at(0).generation.id == id);
}

TEST_CASE("from the queue to the stored video", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitted("job-1");
  REQUIRE_OK(orchestrator.work.ReportProgress(orchestrator.none, {{lease, 40}}));
  REQUIRE_OK(orchestrator.work.ReportProgress(orchestrator.none, {{lease, 30}}));
  CHECK(orchestrator.Get(lease.generation_id).progress == 40);
  const auto store =
      orchestrator.work.ReportOutcome(orchestrator.none, lease, 1, std::nullopt, std::nullopt);
  REQUIRE_OK(store);
  CHECK(store->action == Action::kStore);
  const Video video{base::NewId("ast_"), 4'000, 1280, 720, 1'000};
  const auto unannounced = orchestrator.work.Complete(orchestrator.none, lease, video);
  REQUIRE_OK(unannounced);
  CHECK(unannounced->action == Action::kStore);
  REQUIRE_OK(orchestrator.work.BeginStore(orchestrator.none, lease, video.asset_id));
  REQUIRE_OK(orchestrator.work.Complete(orchestrator.none, lease, video));
  // The acknowledgement may be lost: the same report again is answered alike.
  CHECK_OK(orchestrator.work.Complete(orchestrator.none, lease, video));
  const Generation done = orchestrator.Get(lease.generation_id);
  CHECK(done.state == State::kCompleted);
  CHECK(done.progress == 100);
  CHECK(done.cost_micros == 400'000);
  CHECK(done.video->asset_id == video.asset_id);
  CHECK(orchestrator.Sql("SELECT string_agg(type || ':' || (data->>'step'), ' ' ORDER BY sequence)"
                         " FROM events WHERE sequence > 1") ==
        "generation.processing:submitting generation.processing:submitted "
        "generation.processing:storing generation.completed:done");
  CHECK(orchestrator.Sql("SELECT count(*) FROM leases") == "0");
}

TEST_CASE("a stale token changes nothing", "[integration]") {
  Orchestrator orchestrator;
  const Lease stale = orchestrator.Submitted("job-1");
  const Lease fresh = HandOver(orchestrator, stale);
  const auto& none = orchestrator.none;
  auto& work = orchestrator.work;
  CHECK_FAILS(work.ReportOutcome(none, stale, 1, std::nullopt, std::nullopt), kAborted,
              "lease_lost");
  CHECK_FAILS(work.Complete(none, stale, {.asset_id = base::NewId("ast_")}), kAborted,
              "lease_lost");
  CHECK_FAILS(work.BeginSubmit(none, stale, "r2"), kAborted, "lease_lost");
  CHECK(work.Renew(none, {stale})->lost == std::vector<std::string>{stale.generation_id});
  CHECK_OK(work.Release(none, stale, milliseconds(0)));
  CHECK(orchestrator.Sql("SELECT count(*) FROM ready") == "0");
  CHECK_OK(work.ReportOutcome(none, fresh, 1, std::nullopt, std::nullopt));
}

TEST_CASE("a send begins once, however often it is asked for", "[integration]") {
  Orchestrator orchestrator;
  orchestrator.Create();
  const Lease lease = orchestrator.Acquire().at(0).lease;
  const auto first = orchestrator.work.BeginSubmit(orchestrator.none, lease, "r1");
  REQUIRE_OK(first);
  CHECK(first->number == 1);
  const auto again = orchestrator.work.BeginSubmit(orchestrator.none, lease, "r1");
  REQUIRE_OK(again);
  CHECK(again->number == 1);
  CHECK_FAILS(orchestrator.work.BeginSubmit(orchestrator.none, lease, "r2"),
              absl::StatusCode::kFailedPrecondition, "wrong_step");
  const Lease next = HandOver(orchestrator, lease);
  CHECK_FAILS(orchestrator.work.BeginSubmit(orchestrator.none, next, "r3"),
              absl::StatusCode::kFailedPrecondition, "wrong_step");
  CHECK(orchestrator.Sql("SELECT count(*) FROM submit_attempts") == "1");
}

TEST_CASE("evidence of a paid job counts under a stale token", "[integration]") {
  Orchestrator orchestrator;
  const Lease stale = orchestrator.Submitting();
  const Lease fresh = HandOver(orchestrator, stale);
  CHECK_FAILS(orchestrator.work.RecordSubmit(orchestrator.none, stale, 1, SubmitOutcome::kAccepted,
                                             "job-1", {}),
              kAborted, "lease_lost");
  // The new holder looks the attempt up and meets the evidence.
  const auto directive = orchestrator.work.AdoptJob(orchestrator.none, fresh, 1, true, {});
  REQUIRE_OK(directive);
  CHECK(directive->action == Action::kFollow);
  CHECK(directive->attempt->provider_job_id == "job-1");
}

TEST_CASE("evidence after the verdict is kept for the operator", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitting();
  REQUIRE_OK(orchestrator.work.AdoptJob(orchestrator.none, lease, 1, true, {}));
  CHECK(orchestrator.Get(lease.generation_id).error_code == "submit_outcome_unknown");
  REQUIRE_OK(orchestrator.work.RecordSubmit(orchestrator.none, lease, 1, SubmitOutcome::kAccepted,
                                            "job-1", {}));
  CHECK(orchestrator.Sql("SELECT provider_job_id FROM submit_attempts") == "job-1");
}

TEST_CASE("a second job for one attempt is kept as evidence", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitted("job-1");
  const auto directive = orchestrator.work.RecordSubmit(orchestrator.none, lease, 1,
                                                        SubmitOutcome::kAccepted, "job-2", {});
  REQUIRE_OK(directive);
  CHECK(directive->attempt->provider_job_id == "job-1");
  CHECK(orchestrator.Sql("SELECT string_agg(provider_job_id, ' ' ORDER BY provider_job_id)"
                         " FROM job_evidence") == "job-1 job-2");
}

TEST_CASE("keys of one account do not share a job", "[integration]") {
  Orchestrator orchestrator;
  orchestrator.Submitted("job-1");
  orchestrator.keys.key = 2;
  const Lease other = orchestrator.Submitting();
  const auto directive = orchestrator.work.AdoptJob(orchestrator.none, other, 1, true, {"job-1"});
  REQUIRE_OK(directive);
  CHECK(directive->action == Action::kDrop);
}

TEST_CASE("a worker that ends gives everything back", "[integration]") {
  Orchestrator orchestrator;
  orchestrator.Create();
  REQUIRE(orchestrator.Acquire().size() == 1);
  REQUIRE_OK(orchestrator.work.ReleaseWorker(orchestrator.none, "another worker"));
  CHECK(orchestrator.Acquire().empty());
  REQUIRE_OK(orchestrator.work.ReleaseWorker(orchestrator.none, "worker"));
  CHECK(orchestrator.Acquire().size() == 1);
}

TEST_CASE("a provider's job belongs to one attempt", "[integration]") {
  Orchestrator orchestrator;
  orchestrator.Submitted("job-1");
  const Lease second = orchestrator.Submitting("another");
  const auto directive = orchestrator.work.RecordSubmit(orchestrator.none, second, 1,
                                                        SubmitOutcome::kAccepted, "job-1", {});
  REQUIRE_OK(directive);
  CHECK(directive->action == Action::kReconcile);
}

TEST_CASE("an unknown outcome is looked up, not sent again", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitting();
  const auto ambiguous = orchestrator.work.RecordSubmit(orchestrator.none, lease, 1,
                                                        SubmitOutcome::kAmbiguous, "", {});
  REQUIRE_OK(ambiguous);
  CHECK(ambiguous->action == Action::kReconcile);
  CHECK(orchestrator.Get(lease.generation_id).state == State::kProcessing);

  SECTION("one unclaimed job is adopted") {
    const auto found = orchestrator.work.AdoptJob(orchestrator.none, lease, 1, true, {"job-1"});
    REQUIRE_OK(found);
    CHECK(found->action == Action::kFollow);
    CHECK(found->attempt->provider_job_id == "job-1");
    CHECK(orchestrator.Get(lease.generation_id).step == Step::kSubmitted);
  }
  SECTION("none ends it as unknown, its price kept open") {
    const auto lost = orchestrator.work.AdoptJob(orchestrator.none, lease, 1, true, {});
    REQUIRE_OK(lost);
    CHECK(lost->action == Action::kDrop);
    const Generation failed = orchestrator.Get(lease.generation_id);
    CHECK(failed.state == State::kFailed);
    CHECK(failed.error_code == "submit_outcome_unknown");
    CHECK_FALSE(failed.cost_micros.has_value());
  }
}

TEST_CASE("a look-up waits until no answer can come any more", "[integration]") {
  WorkConfig config = Orchestrator::Immediate();
  config.submit_timeout = minutes(1);
  config.submit_margin = seconds(5);
  Orchestrator orchestrator(config);
  const Lease lease = orchestrator.Submitting();
  const auto directive = orchestrator.work.AdoptJob(orchestrator.none, lease, 1, true, {"job-1"});
  REQUIRE_OK(directive);
  CHECK(directive->action == Action::kReconcile);
  CHECK(directive->delay > minutes(1));
  CHECK(directive->delay <= seconds(65));
}

TEST_CASE("equal sends share the jobs that a look-up finds", "[integration]") {
  Orchestrator orchestrator;
  const Lease first = orchestrator.Submitting("same");
  const Lease second = orchestrator.Submitting("same");
  const auto adopt = [&](const Lease& lease) {
    const auto directive =
        orchestrator.work.AdoptJob(orchestrator.none, lease, 1, true, {"job-1", "job-2"});
    REQUIRE_OK(directive);
    REQUIRE(directive->action == Action::kFollow);
    return directive->attempt->provider_job_id;
  };
  CHECK(adopt(first) == "job-1");
  CHECK(adopt(second) == "job-2");
}

TEST_CASE("a job that a younger equal send could own is not adopted", "[integration]") {
  WorkConfig config = Orchestrator::Immediate();
  config.submit_timeout = minutes(1);
  Orchestrator orchestrator(config);
  const Lease older = orchestrator.Submitting("same");
  orchestrator.Sql(
      "WITH u AS (UPDATE submit_attempts SET began_at = began_at - interval '1 hour'"
      " RETURNING 1) SELECT count(*) FROM u");
  orchestrator.Submitting("same");
  const auto directive = orchestrator.work.AdoptJob(orchestrator.none, older, 1, true, {"job-1"});
  REQUIRE_OK(directive);
  CHECK(directive->action == Action::kReconcile);
  CHECK(directive->delay > seconds(30));
}

TEST_CASE("a definite refusal costs nothing", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitting();
  const std::string& id = lease.generation_id;
  const auto refuse = [&](FaultKind kind, std::optional<milliseconds> retry_after = {}) {
    const auto directive =
        orchestrator.work.RecordSubmit(orchestrator.none, lease, 1, SubmitOutcome::kRefused, "",
                                       {.kind = kind, .message = "no", .retry_after = retry_after});
    REQUIRE_OK(directive);
    CHECK(directive->action == Action::kDrop);
  };
  SECTION("for good") {
    refuse(FaultKind::kModeration);
    const Generation failed = orchestrator.Get(id);
    CHECK(failed.state == State::kFailed);
    CHECK(failed.error_code == "moderation_blocked");
    CHECK(failed.error == "no");
    CHECK(failed.cost_micros == 0);
  }
  SECTION("for now: it waits in the queue, not in an error") {
    refuse(FaultKind::kRateLimit, minutes(1));
    CHECK(orchestrator.Get(id).state == State::kQueued);
    CHECK(orchestrator.Acquire().empty());
    CHECK(orchestrator.Sql("SELECT ready_at > now() + interval '50 seconds' FROM ready") == "t");
  }
  SECTION("of a key: the vault hears it and the next attempt may begin") {
    refuse(FaultKind::kInvalidKey);
    REQUIRE(orchestrator.keys.reported.size() == 1);
    CHECK(orchestrator.keys.reported[0].second == ProviderKeys::Verdict::kInvalid);
    orchestrator.keys.key = 2;
    const auto items = orchestrator.Acquire();
    REQUIRE(items.size() == 1);
    const auto second = orchestrator.work.BeginSubmit(orchestrator.none, items[0].lease, "r2");
    REQUIRE_OK(second);
    CHECK(second->number == 2);
    CHECK(second->provider_key_id == 2);
  }
}

TEST_CASE("without a usable key nothing is sent", "[integration]") {
  Orchestrator orchestrator;
  orchestrator.Create();
  const Lease lease = orchestrator.Acquire().at(0).lease;
  orchestrator.keys.key.reset();
  CHECK_FAILS(orchestrator.work.BeginSubmit(orchestrator.none, lease, "r1"),
              absl::StatusCode::kUnavailable, "no_provider_key");
  CHECK(orchestrator.Get(lease.generation_id).state == State::kQueued);
}

TEST_CASE("the provider's terminal word ends a paid job", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitted("job-1");
  const auto [kind, state, code] = GENERATE(table<FaultKind, State, std::string>({
      {FaultKind::kModeration, State::kFailed, "moderation_blocked"},
      {FaultKind::kProvider, State::kFailed, "provider_error"},
      {FaultKind::kCancelled, State::kCancelled, "cancelled"},
  }));
  REQUIRE_OK(orchestrator.work.ReportOutcome(orchestrator.none, lease, 1, Fault{.kind = kind},
                                             std::nullopt));
  const Generation ended = orchestrator.Get(lease.generation_id);
  CHECK(ended.state == state);
  CHECK(ended.error_code == code);
}

TEST_CASE("an output that cannot be had fails, and was paid", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitted("job-1");
  REQUIRE_OK(
      orchestrator.work.ReportOutcome(orchestrator.none, lease, 1, std::nullopt, std::nullopt));
  REQUIRE_OK(orchestrator.work.FailOutput(orchestrator.none, lease, "truncated"));
  const Generation failed = orchestrator.Get(lease.generation_id);
  CHECK(failed.error_code == "output_unusable");
  CHECK(failed.cost_micros == 400'000);
}

TEST_CASE("a dead worker's lease is taken only after a full term of looking", "[integration]") {
  WorkConfig config = Orchestrator::Immediate();
  config.lease_term = milliseconds(1);
  Orchestrator orchestrator(config);
  testing::FakeClock clock;
  const std::string id = orchestrator.Create().id;
  const Lease lease = orchestrator.Acquire().at(0).lease;
  orchestrator.Sql("SELECT pg_sleep(0.01)");  // the database's own clock has no fake
  Rescuer rescuer(orchestrator.fixture.pool(), orchestrator.signal, seconds(10), clock);

  CHECK(rescuer.Look() == 0);
  clock.Advance(seconds(9));
  CHECK(rescuer.Look() == 0);
  SECTION("unchanged: it is handed to somebody else") {
    clock.Advance(seconds(2));
    CHECK(rescuer.Look() == 1);
    CHECK(orchestrator.Acquire().at(0).generation.id == id);
  }
  SECTION("renewed meanwhile: the looking starts anew") {
    REQUIRE(orchestrator.work.Renew(orchestrator.none, {lease})->lost.empty());
    orchestrator.Sql("SELECT pg_sleep(0.01)");
    clock.Advance(seconds(2));
    CHECK(rescuer.Look() == 0);
  }
}

TEST_CASE("a process that has the database to itself takes everything over", "[integration]") {
  Orchestrator orchestrator;
  orchestrator.Create();
  REQUIRE(orchestrator.Acquire().size() == 1);
  testing::FakeClock clock;
  Rescuer rescuer(orchestrator.fixture.pool(), orchestrator.signal, seconds(10), clock);
  CHECK(rescuer.RescueAll() == 1);
  CHECK(orchestrator.Acquire().size() == 1);
}

}  // namespace
}  // namespace mediarouter::generation
