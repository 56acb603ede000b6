#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "catalog/catalog.h"
#include "generation/app.h"
#include "generation/generation_service.h"
#include "generation/work_service.h"
#include "support/pg_fixture.h"
#include "support/status_matchers.h"

namespace mediarouter::testing {

// Provider keys without a vault.
class FakeProviderKeys final : public generation::ProviderKeys {
 public:
  absl::StatusOr<std::optional<std::int64_t>> Choose(const base::CallContext&,
                                                     const std::string&) override {
    return key;
  }
  void Report(const base::CallContext&, std::int64_t id, Verdict verdict) override {
    reported.emplace_back(id, verdict);
  }
  absl::StatusOr<std::vector<std::int64_t>> Revoked(const base::CallContext&) override {
    return revoked;
  }
  absl::Status Destroy(const base::CallContext&, std::int64_t id) override {
    destroyed.push_back(id);
    return absl::OkStatus();
  }

  std::optional<std::int64_t> key = 1;
  std::vector<std::pair<std::int64_t, Verdict>> reported;
  std::vector<std::int64_t> revoked;
  std::vector<std::int64_t> destroyed;
};

// The orchestrator's domain on a real database. The submit window is over as soon as it begins
// unless a test asks for another.
class Orchestrator {
 public:
  static generation::WorkConfig Immediate() {
    using std::chrono::milliseconds;
    return {.lease_term = std::chrono::minutes(1),
            .submit_timeout = milliseconds(0),
            .submit_margin = milliseconds(0),
            .lookup_window = milliseconds(0)};
  }

  explicit Orchestrator(const generation::WorkConfig& config = Immediate())
      : fixture(generation::kSchema, generation::Migrations()),
        catalog(*catalog::Catalog::Parse(catalog::kCatalogYaml, "catalog.yaml",
                                         {{"openai", "http://127.0.0.1:1/v1"}})),
        generations(fixture.pool()),
        work_rows(fixture.pool(), config.lease_term),
        service(generations, catalog, keys, signal),
        work(work_rows, keys, signal, config) {}

  static base::CallContext As(const std::string& project) {
    base::CallContext context = base::CallContext::Background("test", std::chrono::seconds(30));
    context.principal = {project, "key", base::Role::kMember};
    return context;
  }

  generation::Generation Create(const std::string& prompt = "a sunset",
                                const std::string& project = "p1") {
    auto created =
        service.Create(As(project), base::NewId("gen_"), {.model = "sora-2", .prompt = prompt});
    REQUIRE_OK(created);
    return *created;
  }

  generation::Generation Get(const std::string& id, const std::string& project = "p1") {
    auto found = service.Get(As(project), id);
    REQUIRE_OK(found);
    return *found;
  }

  std::vector<generation::WorkItem> Acquire(int max = 100) {
    auto items = work.Acquire(none, "worker", max, std::chrono::milliseconds(0));
    REQUIRE_OK(items);
    return *items;
  }

  // A generation that a worker holds and has begun to submit.
  generation::Lease Submitting(const std::string& prompt = "a sunset") {
    Create(prompt);
    const auto items = Acquire();
    REQUIRE(items.size() == 1);
    REQUIRE_OK(work.BeginSubmit(none, items[0].lease, "r1"));
    return items[0].lease;
  }

  // The same, and the provider took it as `job`.
  generation::Lease Submitted(const std::string& job) {
    const generation::Lease lease = Submitting();
    const auto directive =
        work.RecordSubmit(none, lease, 1, generation::SubmitOutcome::kAccepted, job, {});
    REQUIRE_OK(directive);
    REQUIRE(directive->action == generation::Action::kFollow);
    return lease;
  }

  // One value of one row, for what has no method.
  std::string Sql(const std::string& sql) {
    pqxx::connection connection(fixture.url());
    pqxx::nontransaction work_unit(connection);
    work_unit.exec("SET search_path TO orchestrator");
    return work_unit.exec1(sql)[0].as<std::string>("");
  }

  PgFixture fixture;
  catalog::Catalog catalog;
  FakeProviderKeys keys;
  generation::WorkSignal signal;
  generation::GenerationRepository generations;
  generation::WorkRepository work_rows;
  generation::GenerationService service;
  generation::WorkService work;
  const base::CallContext none =
      base::CallContext::Background("test-worker", std::chrono::seconds(60));
};

}  // namespace mediarouter::testing
