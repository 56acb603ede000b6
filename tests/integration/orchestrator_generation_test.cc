#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "orchestrator_fixture.h"

// What clients may do, on a real database.
namespace mediarouter::generation {
namespace {

using testing::Orchestrator;

TEST_CASE("an accepted generation is a row, an event and a place in the queue", "[integration]") {
  Orchestrator orchestrator;
  const Generation created = orchestrator.Create();
  CHECK(created.state == State::kQueued);
  CHECK(created.duration == 4);
  CHECK(created.aspect_ratio == "16:9");
  CHECK(created.estimated_cost_micros == 400'000);
  CHECK(orchestrator.Sql("SELECT count(*) FROM ready") == "1");
  CHECK(orchestrator.Sql("SELECT type FROM events") == "generation.queued");
}

TEST_CASE("create is idempotent on the id", "[integration]") {
  Orchestrator orchestrator;
  const std::string id = base::NewId("gen_");
  const auto context = Orchestrator::As("p1");
  REQUIRE_OK(orchestrator.service.Create(context, id, {.model = "sora-2", .prompt = "one"}));
  const auto again = orchestrator.service.Create(context, id, {.model = "sora-2", .prompt = "two"});
  REQUIRE_OK(again);
  CHECK(again->prompt == "one");
  CHECK(orchestrator.Sql("SELECT count(*) FROM generations") == "1");
  CHECK(orchestrator.Sql("SELECT count(*) FROM ready") == "1");
  CHECK_FAILS(
      orchestrator.service.Create(Orchestrator::As("p2"), id, {.model = "sora-2", .prompt = "one"}),
      absl::StatusCode::kAlreadyExists, "conflict");
}

TEST_CASE("what cannot be accepted leaves nothing behind", "[integration]") {
  Orchestrator orchestrator;
  const auto create = [&](const std::string& id, const catalog::Wish& wish) {
    return orchestrator.service.Create(Orchestrator::As("p1"), id, wish);
  };
  const auto invalid = absl::StatusCode::kInvalidArgument;
  CHECK_FAILS(create("gen_1", {.model = "sora-2", .prompt = "x"}), invalid, "invalid_id");
  CHECK_FAILS(create(base::NewId("gen_"), {.model = "sora-2", .prompt = std::string("a\0b", 3)}),
              invalid, "invalid_text");
  CHECK_FAILS(create(base::NewId("gen_"), {.model = "sora-2", .prompt = "\xff"}), invalid,
              "invalid_text");
  orchestrator.keys.key.reset();
  CHECK_FAILS(create(base::NewId("gen_"), {.model = "sora-2", .prompt = "x"}), invalid,
              "no_provider_key");
  CHECK(orchestrator.Sql("SELECT count(*) FROM generations") == "0");
}

TEST_CASE("another project's generation does not exist", "[integration]") {
  Orchestrator orchestrator;
  const std::string id = orchestrator.Create().id;
  const auto stranger = Orchestrator::As("p2");
  const auto missing = absl::StatusCode::kNotFound;
  CHECK_FAILS(orchestrator.service.Get(stranger, id), missing, "generation_not_found");
  CHECK_FAILS(orchestrator.service.Cancel(stranger, id), missing, "generation_not_found");
  CHECK_FAILS(orchestrator.service.Delete(stranger, id), missing, "generation_not_found");
  CHECK(orchestrator.service.List(stranger, {}, "")->generations.empty());
  // A link that the gateway signed opens it.
  base::CallContext gateway = stranger;
  gateway.principal = {"", "", base::Role::kGateway};
  CHECK_OK(orchestrator.service.Get(gateway, id));
}

TEST_CASE("pages neither skip nor repeat, also when rows share their time", "[integration]") {
  Orchestrator orchestrator;
  std::set<std::string> created;
  for (int i = 0; i < 25; ++i) created.insert(orchestrator.Create().id);
  orchestrator.Sql(
      "WITH u AS (UPDATE generations SET created_at = '2026-01-01' RETURNING 1)"
      " SELECT count(*) FROM u");
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto page = orchestrator.service.List(Orchestrator::As("p1"), {.limit = 10}, token);
    REQUIRE_OK(page);
    for (const Generation& each : page->generations) CHECK(seen.insert(each.id).second);
    token = page->next_page_token;
    ++pages;
  } while (!token.empty());
  CHECK(pages == 3);
  CHECK(seen == created);
}

TEST_CASE("a list is narrowed by each filter", "[integration]") {
  Orchestrator orchestrator;
  const std::string sunset = orchestrator.Create("A Sunset over 100% water").id;
  const std::string city = orchestrator.Create("a city").id;
  REQUIRE_OK(orchestrator.service.Cancel(Orchestrator::As("p1"), city));
  const auto ids = [&](const ListQuery& query) {
    const auto page = orchestrator.service.List(Orchestrator::As("p1"), query, "");
    REQUIRE_OK(page);
    std::vector<std::string> found;
    for (const Generation& each : page->generations) found.push_back(each.id);
    return found;
  };
  using Ids = std::vector<std::string>;
  CHECK(ids({}) == Ids{city, sunset});
  CHECK(ids({.skip = 1}) == Ids{sunset});
  CHECK(ids({.state = "cancelled"}) == Ids{city});
  CHECK(ids({.text = "sunset"}) == Ids{sunset});
  CHECK(ids({.text = "100%"}) == Ids{sunset});
  CHECK(ids({.text = "%"}) == Ids{sunset});
  CHECK(ids({.provider = "demo"}).empty());
  CHECK(ids({.model = "sora-2"}).size() == 2);
  const Time now = std::chrono::system_clock::now();
  CHECK(ids({.created_after = now + std::chrono::hours(1)}).empty());
  CHECK(ids({.created_before = now + std::chrono::hours(1)}).size() == 2);
  const auto page = orchestrator.service.List(Orchestrator::As("p1"), {.limit = 101}, "");
  CHECK_FAILS(page, absl::StatusCode::kInvalidArgument, "invalid_value");
}

TEST_CASE("a generation that waits is called off on the spot, repeatably", "[integration]") {
  Orchestrator orchestrator;
  const std::string id = orchestrator.Create().id;
  const auto first = orchestrator.service.Cancel(Orchestrator::As("p1"), id);
  REQUIRE_OK(first);
  CHECK(first->state == State::kCancelled);
  CHECK(first->cost_micros == 0);
  CHECK_OK(orchestrator.service.Cancel(Orchestrator::As("p1"), id));
  CHECK(orchestrator.Acquire().empty());
}

TEST_CASE("a generation that a worker has is called off by the worker", "[integration]") {
  Orchestrator orchestrator;
  const std::string id = orchestrator.Create().id;
  const Lease lease = orchestrator.Acquire().at(0).lease;
  const auto wished = orchestrator.service.Cancel(Orchestrator::As("p1"), id);
  REQUIRE_OK(wished);
  CHECK(wished->state == State::kQueued);
  const auto renewal = orchestrator.work.Renew(orchestrator.none, {lease});
  REQUIRE_OK(renewal);
  CHECK(renewal->cancel == std::vector<std::string>{id});
  CHECK_FAILS(orchestrator.work.BeginSubmit(orchestrator.none, lease, "r1"),
              absl::StatusCode::kAborted, "generation_ended");
  CHECK(orchestrator.Get(id).state == State::kCancelled);
  CHECK(orchestrator.Sql("SELECT count(*) FROM submit_attempts") == "0");
}

TEST_CASE("a deleted generation is gone at once and its file follows", "[integration]") {
  Orchestrator orchestrator;
  const Lease lease = orchestrator.Submitted("job-1");
  const std::string id = lease.generation_id;
  REQUIRE_OK(orchestrator.service.Delete(Orchestrator::As("p1"), id));
  CHECK_FAILS(orchestrator.service.Get(Orchestrator::As("p1"), id), absl::StatusCode::kNotFound,
              "generation_not_found");
  CHECK_FAILS(orchestrator.service.Delete(Orchestrator::As("p1"), id), absl::StatusCode::kNotFound,
              "generation_not_found");
  // It was paid: the worker goes on, and what it stored is left to a task.
  REQUIRE_OK(orchestrator.work.ReportOutcome(orchestrator.none, lease, 1, std::nullopt, 123));
  const std::string asset = base::NewId("ast_");
  REQUIRE_OK(orchestrator.work.BeginStore(orchestrator.none, lease, asset));
  REQUIRE_OK(orchestrator.work.Complete(orchestrator.none, lease, {.asset_id = asset}));
  CHECK(orchestrator.Sql("SELECT subject FROM tasks") == asset);
  CHECK(orchestrator.Sql("SELECT cost_micros FROM generations") == "123");
}

TEST_CASE("concurrent creates with one id make one generation", "[integration]") {
  Orchestrator orchestrator;
  const std::string id = base::NewId("gen_");
  std::vector<std::thread> threads;
  std::atomic<int> accepted{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      accepted += orchestrator.service
                      .Create(Orchestrator::As("p1"), id, {.model = "sora-2", .prompt = "x"})
                      .ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(accepted == 8);
  CHECK(orchestrator.Sql("SELECT count(*) FROM generations") == "1");
  CHECK(orchestrator.Sql("SELECT count(*) FROM events") == "1");
}

}  // namespace
}  // namespace mediarouter::generation
