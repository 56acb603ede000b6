#include "sim/job_store.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/status_matchers.h"

namespace mediarouter::sim {
namespace {

Job MakeJob(const std::string& id, const std::string& prompt = "a cat") {
  return {.id = id,
          .account = "acme",
          .protocol = "openai",
          .model = "sora-2",
          .prompt = prompt,
          .seconds = "4",
          .size = "1280x720",
          .created_ms = 1000,
          .script = {.render = std::chrono::milliseconds(100)}};
}

std::vector<std::string> Ids(const Page& page) {
  std::vector<std::string> ids;
  ids.reserve(page.jobs.size());
  for (const auto& job : page.jobs) ids.push_back(job->id);
  return ids;
}

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/sim-store-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_CASE("a job is seen by its own account and protocol only", "[job_store]") {
  const auto store = *JobStore::Open("");
  REQUIRE_OK(store->Add(MakeJob("v1")));
  CHECK(store->Find("acme", "openai", "v1") != nullptr);
  CHECK(store->Find("other", "openai", "v1") == nullptr);
  CHECK(store->Find("acme", "runway", "v1") == nullptr);
  CHECK(store->Find("acme", "openai", "v2") == nullptr);
}

TEST_CASE("pages join without gap or overlap in both directions", "[job_store]") {
  const auto store = *JobStore::Open("");
  for (const char* id : {"v1", "v2", "v3", "v4", "v5"}) REQUIRE_OK(store->Add(MakeJob(id)));
  ListQuery query{.account = "acme", .protocol = "openai", .limit = 2};

  Page page = *store->List(query, 2000);
  CHECK(Ids(page) == std::vector<std::string>{"v5", "v4"});
  CHECK(page.has_more);
  query.after = "v4";
  page = *store->List(query, 2000);
  CHECK(Ids(page) == std::vector<std::string>{"v3", "v2"});
  query.after = "v2";
  page = *store->List(query, 2000);
  CHECK(Ids(page) == std::vector<std::string>{"v1"});
  CHECK_FALSE(page.has_more);

  query = {.account = "acme", .protocol = "openai", .after = "v3", .newest_first = false};
  CHECK(Ids(*store->List(query, 2000)) == std::vector<std::string>{"v4", "v5"});
  query.after = "nobody";
  CHECK_FAILS(store->List(query, 2000), absl::StatusCode::kNotFound, "video_not_found");
}

TEST_CASE("a hidden job shows in the list once it is old enough", "[job_store]") {
  const auto store = *JobStore::Open("");
  Job job = MakeJob("v1");
  job.script.list_hidden = std::chrono::milliseconds(500);
  REQUIRE_OK(store->Add(job));
  const ListQuery query{.account = "acme", .protocol = "openai"};
  CHECK(store->List(query, 1499)->jobs.empty());
  CHECK(store->List(query, 1500)->jobs.size() == 1);
}

TEST_CASE("a deleted job is gone but stays paid", "[job_store]") {
  const auto store = *JobStore::Open("");
  REQUIRE_OK(store->Add(MakeJob("v1")));
  REQUIRE_OK(store->Delete("v1"));
  CHECK(store->Find("acme", "openai", "v1") == nullptr);
  CHECK_FAILS(store->Delete("v1"), absl::StatusCode::kNotFound, "video_not_found");
  const Tally tally = store->Count(5000);
  CHECK(tally.paid == 1);
  CHECK(tally.deleted == 1);
  CHECK(tally.completed == 0);
}

TEST_CASE("jobs survive a restart, a torn last line does not", "[job_store]") {
  const Folder folder;
  {
    const auto store = *JobStore::Open(folder.path());
    Job job = MakeJob("v1", "it's \"quoted\"\nand more");
    job.script.failure = Failure{"internal_error", "no"};
    REQUIRE_OK(store->Add(job));
    REQUIRE_OK(store->Add(MakeJob("v2")));
    REQUIRE_OK(store->Delete("v2"));
  }
  std::ofstream(folder.path() + "/jobs.jsonl", std::ios::app) << "{\"id\":\"v3\",\"acc";
  for (int restart = 0; restart < 2; ++restart) {
    const auto store = *JobStore::Open(folder.path());
    const auto job = store->Find("acme", "openai", "v1");
    REQUIRE(job != nullptr);
    CHECK(job->prompt == "it's \"quoted\"\nand more");
    CHECK(job->At(5000).status == JobStatus::kFailed);
    CHECK(store->Find("acme", "openai", "v2") == nullptr);
    CHECK(store->Count(5000).paid == 2);
  }
  REQUIRE_OK((*JobStore::Open(folder.path()))->Reset());
  CHECK((*JobStore::Open(folder.path()))->Count(5000).paid == 0);
}

TEST_CASE("a damaged journal is refused, not overwritten", "[job_store]") {
  const Folder folder;
  std::ofstream(folder.path() + "/jobs.jsonl") << "what is this\n";
  CHECK_FAILS(JobStore::Open(folder.path()), absl::StatusCode::kDataLoss, "state_damaged");
}

TEST_CASE("paid jobs are counted exactly from several threads", "[job_store]") {
  const auto store = *JobStore::Open("");
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 500; ++i) {
        (void)store->Add(MakeJob(fmt::format("v{}-{}", t, i), fmt::format("prompt {}", t)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Tally tally = store->Count(5000);
  CHECK(tally.paid == 2000);
  CHECK(tally.by_prompt.at("prompt 3") == 500);
}

}  // namespace
}  // namespace mediarouter::sim
