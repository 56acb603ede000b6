#include "worker/app.h"

#include <atomic>

#include "base/id.h"
#include "mediarouter/worker/v1/provider_service.grpc.pb.h"
#include "support/status_matchers.h"
#include "worker/testing_fakes.h"

namespace mediarouter::worker {
namespace {

using namespace std::chrono_literals;
using testing::FakeMediaStore;
using testing::FakeOrchestrator;
using testing::FakeProvider;
using testing::FakeVault;
using testing::RawConnection;
using testing::RawServer;
namespace pb = generation::v1;

class Fixture {
 protected:
  Fixture() {
    config_.endpoints = {{"openai", "openai", provider_.base_url()}};
    config_.runner.poll_interval = 20ms;
    config_.runner.progress_interval = 20ms;
    config_.runner.submit_timeout = 2s;
  }
  ~Fixture() {
    gate_.Open();
    Stop();
  }

  void Start() {
    const Channels channels{orchestrator_server_->InProcessChannel(),
                            vault_server_->InProcessChannel(), media_server_->InProcessChannel()};
    auto app = App::Start(config_, channels);
    REQUIRE_OK(app);
    app_ = *std::move(app);
  }
  void Stop() {
    if (app_) app_->Stop(5s);
    app_.reset();
  }

  static pb::WorkItem Item(const std::string& id = "gen_1",
                           pb::GenerationStep step = pb::GENERATION_STEP_QUEUED) {
    pb::WorkItem item;
    item.mutable_lease()->set_generation_id(id);
    item.mutable_lease()->set_token(3);
    item.mutable_generation()->set_id(id);
    item.mutable_generation()->set_provider("openai");
    item.mutable_generation()->set_prompt("a red balloon");
    item.mutable_generation()->set_step(step);
    item.set_upstream_model("sora-2");
    item.set_upstream_seconds("4");
    item.set_upstream_size("1280x720");
    return item;
  }
  static pb::WorkItem Submitted(const std::string& job_id, pb::GenerationStep step) {
    pb::WorkItem item = Item("gen_1", step);
    item.mutable_attempt()->set_number(1);
    item.mutable_attempt()->set_provider_key_id(7);
    item.mutable_attempt()->set_provider_job_id(job_id);
    return item;
  }
  bool AwaitCompletions(std::size_t count) {
    return orchestrator_.Await([&] { return orchestrator_.completions.size() == count; });
  }

  testing::Gate gate_;
  FakeOrchestrator orchestrator_{lease_term_};
  FakeVault vault_;
  FakeMediaStore media_;
  FakeProvider provider_;
  Config config_;
  std::unique_ptr<App> app_;

 private:
  static constexpr std::chrono::milliseconds lease_term_{6'000};
  std::unique_ptr<rpc::Server> orchestrator_server_ = *rpc::Server::Start({&orchestrator_}, "");
  std::unique_ptr<rpc::Server> vault_server_ = *rpc::Server::Start({&vault_}, "");
  std::unique_ptr<rpc::Server> media_server_ = *rpc::Server::Start({&media_}, "");
};

TEST_CASE_METHOD(Fixture, "a generation goes from the queue to a stored video", "[worker]") {
  provider_.poll = [](int n) {
    return n < 3 ? FakeProvider::Json(R"({"status":"in_progress","progress":42})")
                 : FakeProvider::Json(R"({"status":"completed","progress":100})");
  };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(AwaitCompletions(1));
  Stop();

  CHECK(provider_.count("create") == 1);
  CHECK(provider_.last("create").find("Authorization: Bearer sk-test\r\n") != std::string::npos);
  CHECK(provider_.last("create").find("a red balloon") != std::string::npos);
  CHECK(provider_.last("poll").starts_with("GET /v1/videos/video_0 "));
  REQUIRE(orchestrator_.submits.size() == 1);
  CHECK(orchestrator_.submits[0].outcome() == pb::SUBMIT_OUTCOME_ACCEPTED);
  CHECK(orchestrator_.submits[0].provider_job_id() == "video_0");
  CHECK(orchestrator_.submits[0].lease().token() == 3);
  REQUIRE(orchestrator_.outcomes.size() == 1);
  CHECK_FALSE(orchestrator_.outcomes[0].has_fault());
  const pb::Video& video = orchestrator_.completions[0].video();
  CHECK(base::IsId("ast_", video.asset_id()));
  CHECK(video.width() == 1'280);
  CHECK(media_.assets[video.asset_id()] == "the bytes of a video");
  CHECK(vault_.accesses == 1);  // kept for all of it
  CHECK(vault_.purpose == "generate");
  CHECK(orchestrator_.releases.empty());
}

TEST_CASE_METHOD(Fixture, "progress is reported", "[worker]") {
  provider_.poll = [](int) { return FakeProvider::Json(R"({"status":"x","progress":42})"); };
  orchestrator_.Offer(Item());
  Start();
  CHECK(orchestrator_.Await([&] { return orchestrator_.percents["gen_1"] == 42; }));
}

TEST_CASE_METHOD(Fixture, "a refusal is reported and not sent again", "[worker][submit]") {
  provider_.create = [](int) { return FakeProvider::Status(400); };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(orchestrator_.Await([&] { return !orchestrator_.submits.empty(); }));
  Stop();
  CHECK(orchestrator_.submits[0].outcome() == pb::SUBMIT_OUTCOME_REFUSED);
  CHECK(orchestrator_.submits[0].fault().kind() == pb::FAULT_KIND_INVALID_REQUEST);
  CHECK(orchestrator_.submits[0].fault().message() == "no");
  CHECK(provider_.count("create") == 1);
  CHECK(orchestrator_.releases.empty());
}

TEST_CASE_METHOD(Fixture, "a send without an answer is looked up, not repeated",
                 "[worker][submit]") {
  provider_.create = [](int) { return FakeProvider::HangUp(); };
  provider_.list = [](int) {
    return FakeProvider::Json(
        R"({"data":[{"id":"video_9","prompt":"a red balloon","model":"sora-2","seconds":"4"}]})");
  };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(AwaitCompletions(1));
  Stop();
  CHECK(provider_.count("create") == 1);
  REQUIRE(orchestrator_.submits.size() == 1);
  CHECK(orchestrator_.submits[0].outcome() == pb::SUBMIT_OUTCOME_AMBIGUOUS);
  REQUIRE(orchestrator_.adoptions.size() == 1);
  CHECK(orchestrator_.adoptions[0].looked_up());
  REQUIRE(orchestrator_.adoptions[0].candidate_job_ids_size() == 1);
  CHECK(orchestrator_.adoptions[0].candidate_job_ids(0) == "video_9");
  CHECK(provider_.last("content").starts_with("GET /v1/videos/video_9/content "));
}

TEST_CASE_METHOD(Fixture, "a provider that cannot list leaves the outcome unknown",
                 "[worker][submit]") {
  provider_.create = [](int) { return FakeProvider::Status(500); };
  provider_.list = [](int) { return FakeProvider::Status(404); };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(orchestrator_.Await([&] { return !orchestrator_.adoptions.empty(); }));
  Stop();
  CHECK_FALSE(orchestrator_.adoptions[0].looked_up());
  CHECK(provider_.count("create") == 1);
}

TEST_CASE_METHOD(Fixture, "attempts wait until the provider key is at hand, all but the first",
                 "[worker][submit]") {
  int begun = 0;
  vault_.before_access = [&] {
    orchestrator_.Await([&] {
      begun = static_cast<int>(orchestrator_.begins.size());
      return begun > 0;
    });
  };
  for (const char* id : {"gen_1", "gen_2", "gen_3"}) orchestrator_.Offer(Item(id));
  Start();
  REQUIRE(AwaitCompletions(3));
  Stop();
  CHECK(begun == 1);
  CHECK(vault_.accesses == 1);
  CHECK(provider_.count("create") == 3);
}

TEST_CASE_METHOD(Fixture, "nothing is sent before the attempt is committed", "[worker][submit]") {
  SECTION("no key") {
    orchestrator_.begin_failures = {base::Unavailable("no_provider_key", "none")};
    orchestrator_.Offer(Item());
    Start();
    REQUIRE(orchestrator_.Await([&] { return !orchestrator_.releases.empty(); }));
    Stop();
    CHECK(provider_.count("create") == 0);
    REQUIRE(orchestrator_.releases.size() == 1);
    CHECK(orchestrator_.releases[0].delay().seconds() > 0);
  }
  SECTION("called off") {
    orchestrator_.begin_failures = {base::Aborted("generation_ended", "cancelled")};
    orchestrator_.Offer(Item());
    Start();
    REQUIRE(orchestrator_.Await([&] { return !orchestrator_.begins.empty(); }));
    Stop();
    CHECK(provider_.count("create") == 0);
    CHECK(orchestrator_.releases.empty());
  }
  SECTION("no answer: the same intent again") {
    orchestrator_.begin_failures = {base::Aborted("commit_in_doubt", "the database is gone"),
                                    base::Unavailable("service_unavailable", "down"),
                                    base::DeadlineExceeded("deadline_exceeded", "slow")};
    orchestrator_.Offer(Item());
    Start();
    REQUIRE(AwaitCompletions(1));
    Stop();
    REQUIRE(orchestrator_.begins.size() == 4);
    CHECK_FALSE(orchestrator_.begins[0].request_id().empty());
    CHECK(orchestrator_.begins[0].request_id() == orchestrator_.begins[3].request_id());
    CHECK(provider_.count("create") == 1);
  }
  SECTION("nobody listens") {
    config_.endpoints = {{"openai", "openai", "http://127.0.0.1:1/v1"}};
    orchestrator_.Offer(Item());
    Start();
    REQUIRE(orchestrator_.Await([&] { return !orchestrator_.submits.empty(); }));
    Stop();
    CHECK(orchestrator_.submits[0].outcome() == pb::SUBMIT_OUTCOME_NOT_SENT);
    CHECK(orchestrator_.submits[0].fault().kind() == pb::FAULT_KIND_PROVIDER);
  }
}

TEST_CASE_METHOD(Fixture, "a lost lease ends the work", "[worker][lease]") {
  provider_.poll = [](int) { return FakeProvider::Json(R"({"status":"in_progress"})"); };
  orchestrator_.Offer(Item("gen_1"));
  orchestrator_.Offer(Item("gen_2"));
  Start();
  REQUIRE(orchestrator_.Await([&] { return orchestrator_.submits.size() == 2; }));
  orchestrator_.TakeAway("gen_1");
  REQUIRE(orchestrator_.Await(
      [&] { return orchestrator_.renewing == std::set<std::string>{"gen_2"}; }));
  Stop();
  // Of the lost one nothing was heard any more.
  CHECK(orchestrator_.outcomes.empty());
  REQUIRE(orchestrator_.releases.size() == 1);
  CHECK(orchestrator_.releases[0].lease().generation_id() == "gen_2");
}

TEST_CASE_METHOD(Fixture, "the id of a paid job is recorded after the lease is lost",
                 "[worker][lease]") {
  provider_.create = [this](int) {
    gate_.Wait();
    return FakeProvider::Json(R"({"id":"video_late"})");
  };
  orchestrator_.submit_failures = {base::Unavailable("service_unavailable", "down"),
                                   base::Aborted("commit_in_doubt", "the database is gone")};
  config_.runner.submit_timeout = 10s;
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(provider_.Await([&] { return provider_.counted("create") == 1; }));
  orchestrator_.TakeAway("gen_1");
  REQUIRE(orchestrator_.Await([&] { return orchestrator_.losses_told > 0; }));
  gate_.Open();
  REQUIRE(orchestrator_.Await([&] { return orchestrator_.submits.size() == 3; }));
  Stop();
  CHECK(orchestrator_.submits[2].outcome() == pb::SUBMIT_OUTCOME_ACCEPTED);
  CHECK(orchestrator_.submits[2].provider_job_id() == "video_late");
  CHECK(provider_.count("poll") == 0);
}

TEST_CASE_METHOD(Fixture, "work of a worker that died is taken over where it stood", "[worker]") {
  SECTION("submitted") {
    orchestrator_.Offer(Submitted("video_5", pb::GENERATION_STEP_SUBMITTED));
    Start();
    REQUIRE(AwaitCompletions(1));
    CHECK(provider_.last("poll").starts_with("GET /v1/videos/video_5 "));
  }
  SECTION("storing") {
    orchestrator_.Offer(Submitted("video_5", pb::GENERATION_STEP_STORING));
    Start();
    REQUIRE(AwaitCompletions(1));
    CHECK(provider_.count("poll") == 0);
  }
  SECTION("submitting: the outcome is unknown") {
    orchestrator_.Offer(Submitted("", pb::GENERATION_STEP_SUBMITTING));
    Start();
    REQUIRE(orchestrator_.Await([&] { return !orchestrator_.adoptions.empty(); }));
    CHECK(orchestrator_.submits.at(0).outcome() == pb::SUBMIT_OUTCOME_AMBIGUOUS);
  }
  Stop();
  CHECK(provider_.count("create") == 0);
}

TEST_CASE_METHOD(Fixture, "a poll error is no verdict", "[worker][poll]") {
  provider_.poll = [](int n) {
    return n == 0 ? FakeProvider::Status(500) : FakeProvider::Json(R"({"status":"completed"})");
  };
  orchestrator_.Offer(Item());
  Start();
  CHECK(AwaitCompletions(1));
  CHECK(provider_.count("poll") == 2);
}

TEST_CASE_METHOD(Fixture, "the provider's failure ends the generation", "[worker][poll]") {
  provider_.poll = [](int) {
    return FakeProvider::Json(R"({"status":"failed","error":{"code":"moderation_blocked"}})");
  };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(orchestrator_.Await([&] { return !orchestrator_.outcomes.empty(); }));
  Stop();
  CHECK(orchestrator_.outcomes[0].fault().kind() == pb::FAULT_KIND_MODERATION);
  CHECK(media_.ingests == 0);
}

TEST_CASE_METHOD(Fixture, "a job that the provider keeps denying is lost", "[worker][poll]") {
  provider_.poll = [](int) { return FakeProvider::Status(404); };
  config_.runner.job_lost = 150ms;
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(orchestrator_.Await([&] { return !orchestrator_.outcomes.empty(); }));
  Stop();
  CHECK(orchestrator_.outcomes[0].fault().kind() == pb::FAULT_KIND_JOB_LOST);
  CHECK(provider_.count("poll") >= 5);
}

TEST_CASE_METHOD(Fixture, "an output that cannot be used is fetched again", "[worker][store]") {
  provider_.content = [](int n) {
    FakeProvider::Reply reply = FakeProvider::Video("half");
    if (n == 0) reply.announce_more = 4;
    if (n == 1) return FakeProvider::Json(R"({"error":"not yet"})");
    return n == 0 ? reply : FakeProvider::Video("the whole video");
  };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(AwaitCompletions(1));
  Stop();
  CHECK(provider_.count("content") == 3);
  CHECK(media_.assets.size() == 1);
  CHECK(media_.assets.begin()->second == "the whole video");
  CHECK(orchestrator_.unusable.empty());
}

TEST_CASE_METHOD(Fixture, "an output that stays unusable fails the generation", "[worker][store]") {
  provider_.content = [](int) { return FakeProvider::Status(404); };
  config_.runner.output_retry = 1s;
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(orchestrator_.Await([&] { return !orchestrator_.unusable.empty(); }));
  Stop();
  CHECK(provider_.count("content") >= 2);
  CHECK(orchestrator_.completions.empty());
  CHECK(orchestrator_.releases.empty());
}

TEST_CASE_METHOD(Fixture, "a full or absent store is waited for", "[worker][store]") {
  media_.failures = {
      base::WithRetryAfter(base::ResourceExhausted("storage_full", "full"), 10ms),
      base::Unavailable("service_unavailable", "down"),
  };
  config_.runner.output_retry = 1ms;  // does not bound this
  orchestrator_.Offer(Item());
  Start();
  CHECK(AwaitCompletions(1));
  CHECK(media_.ingests == 3);
}

TEST_CASE_METHOD(Fixture, "a redirect to a private address is not followed", "[worker][store]") {
  RawServer other([](RawConnection& connection) { connection.AwaitClose(); });
  provider_.content = [&](int n) {
    FakeProvider::Reply redirect{302, "", "Location: " + other.Url("/secret") + "\r\n"};
    return n == 0 ? redirect : FakeProvider::Video("the bytes of a video");
  };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(AwaitCompletions(1));
  CHECK(other.connections() == 0);
}

TEST_CASE_METHOD(Fixture, "a redirect on the provider's own host is followed", "[worker][store]") {
  provider_.content = [](int n) {
    FakeProvider::Reply redirect{302, "", "Location: /v1/videos/files/1/content\r\n"};
    return n == 0 ? redirect : FakeProvider::Video("the bytes of a video");
  };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(AwaitCompletions(1));
  CHECK(provider_.last("content").starts_with("GET /v1/videos/files/1/content "));
}

TEST_CASE_METHOD(Fixture, "stopping gives the leases back", "[worker]") {
  provider_.poll = [](int) { return FakeProvider::Json(R"({"status":"in_progress"})"); };
  orchestrator_.Offer(Item("gen_1"));
  orchestrator_.Offer(Item("gen_2"));
  Start();
  REQUIRE(orchestrator_.Await([&] { return orchestrator_.submits.size() == 2; }));
  Stop();
  REQUIRE(orchestrator_.releases.size() == 2);
  CHECK(orchestrator_.releases[0].delay().seconds() == 0);
}

TEST_CASE_METHOD(Fixture, "a send under way when time is up is reported as ambiguous", "[worker]") {
  provider_.create = [this](int) {
    gate_.Wait();
    return FakeProvider::HangUp();
  };
  orchestrator_.Offer(Item());
  Start();
  REQUIRE(provider_.Await([&] { return provider_.counted("create") == 1; }));
  app_->Stop(50ms);
  REQUIRE(orchestrator_.submits.size() == 1);
  CHECK(orchestrator_.submits[0].outcome() == pb::SUBMIT_OUTCOME_AMBIGUOUS);
}

TEST_CASE_METHOD(Fixture, "an unknown provider is left to another worker", "[worker]") {
  pb::WorkItem item = Item();
  item.mutable_generation()->set_provider("nobody");
  orchestrator_.Offer(item);
  Start();
  REQUIRE(orchestrator_.Await([&] { return !orchestrator_.releases.empty(); }));
  Stop();
  CHECK(orchestrator_.begins.empty());
}

TEST_CASE_METHOD(Fixture, "many generations at once", "[worker]") {
  constexpr int kMany = 1'000;
  provider_.poll = [](int n) {
    return FakeProvider::Json(n % 3 == 0 ? R"({"status":"completed"})"
                                         : R"({"status":"in_progress","progress":5})");
  };
  for (int i = 0; i < kMany; ++i) orchestrator_.Offer(Item("gen_" + std::to_string(i)));
  Start();
  CHECK(orchestrator_.Await([&] { return orchestrator_.completions.size() == kMany; }));
  Stop();
  CHECK(provider_.count("create") == kMany);
  CHECK(orchestrator_.releases.empty());
  CHECK(vault_.accesses == 1);
}

TEST_CASE_METHOD(Fixture, "keys are checked with their provider", "[worker][keys]") {
  Start();
  const auto stub = v1::ProviderService::NewStub(app_->channel());
  v1::ValidateProviderKeyRequest request;
  request.set_provider("openai");
  v1::ValidateProviderKeyResponse response;
  const auto validate = [&] {
    grpc::ClientContext context;
    return stub->ValidateProviderKey(&context, request, &response);
  };
  SECTION("accepted") {
    request.set_secret("sk-given");
    REQUIRE(validate().ok());
    CHECK(response.verdict() == v1::KEY_VERDICT_VALID);
    CHECK(provider_.last("models").find("Bearer sk-given\r\n") != std::string::npos);
  }
  SECTION("refused") {
    provider_.models = [](int) { return FakeProvider::Status(401); };
    request.set_secret("sk-given");
    REQUIRE(validate().ok());
    CHECK(response.verdict() == v1::KEY_VERDICT_INVALID);
  }
  SECTION("a network fault is no refusal") {
    provider_.models = [](int) { return FakeProvider::HangUp(); };
    request.set_secret("sk-given");
    REQUIRE(validate().ok());
    CHECK(response.verdict() == v1::KEY_VERDICT_UNREACHABLE);
    CHECK_FALSE(response.message().empty());
  }
  SECTION("stored") {
    request.set_provider_key_id(7);
    REQUIRE(validate().ok());
    CHECK(response.verdict() == v1::KEY_VERDICT_VALID);
    CHECK(vault_.purpose == "validate");
  }
  SECTION("not stored") {
    request.set_provider_key_id(8);
    CHECK(validate().error_code() == grpc::StatusCode::NOT_FOUND);
  }
  SECTION("a key that would break the request") {
    request.set_secret("sk-1\r\nX-Injected: 1");
    REQUIRE(validate().ok());
    CHECK(response.verdict() == v1::KEY_VERDICT_INVALID);
    CHECK(provider_.count("models") == 0);
  }
  SECTION("unknown provider") {
    request.set_provider("nobody");
    request.set_secret("sk-given");
    CHECK_FAILS(rpc::FromGrpc(validate()), absl::StatusCode::kInvalidArgument,
                "provider_not_found");
  }
}

TEST_CASE("settings make a configuration", "[worker][config]") {
  const auto config = Config::FromEnv({{"WORKER_MAX_JOBS", "5"},
                                       {"POLL_INTERVAL_SECONDS", "0.5"},
                                       {"DEMO_BASE_URL", "http://127.0.0.1:9/v1"}});
  REQUIRE_OK(config);
  CHECK(config->runner.max_jobs == 5);
  CHECK(config->runner.poll_interval == 500ms);
  CHECK(config->endpoints.size() == 2);
  CHECK_FAILS(Config::FromEnv({{"WORKER_MAX_JOBS", "0"}}), absl::StatusCode::kInvalidArgument,
              "invalid_configuration");
}

}  // namespace
}  // namespace mediarouter::worker
