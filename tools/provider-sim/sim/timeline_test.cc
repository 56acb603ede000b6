#include "sim/timeline.h"

#include <catch2/catch.hpp>

namespace mediarouter::sim {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a job is queued, then in progress, then completed", "[timeline]") {
  const Script script{.render = milliseconds(2000)};
  auto [age, status, progress] = GENERATE(table<int, JobStatus, int>({
      {-5, JobStatus::kQueued, 0},
      {0, JobStatus::kQueued, 0},
      {199, JobStatus::kQueued, 0},
      {200, JobStatus::kInProgress, 10},
      {1000, JobStatus::kInProgress, 50},
      {1999, JobStatus::kInProgress, 99},
      {2000, JobStatus::kCompleted, 100},
      {9000, JobStatus::kCompleted, 100},
  }));
  const View view = ViewAt(milliseconds(age), script);
  CAPTURE(age);
  CHECK(view.status == status);
  CHECK(view.progress == progress);
  CHECK(view.ended_at.has_value() == IsFinal(status));
}

TEST_CASE("without a render time a job is completed at once", "[timeline]") {
  const View view = ViewAt(milliseconds(0), {.render = milliseconds(0)});
  CHECK(view.status == JobStatus::kCompleted);
  CHECK(view.ended_at == milliseconds(0));
}

TEST_CASE("a job that is to fail fails half-way and stays failed", "[timeline]") {
  const Script script{.render = milliseconds(1000), .failure = Failure{"internal_error", "no"}};
  CHECK(ViewAt(milliseconds(499), script).status == JobStatus::kInProgress);
  CHECK(ViewAt(milliseconds(500), script).status == JobStatus::kFailed);
  CHECK(ViewAt(milliseconds(5000), script).status == JobStatus::kFailed);
  CHECK(ViewAt(milliseconds(5000), script).progress == 50);
}

TEST_CASE("a job that never completes stays at 99", "[timeline]") {
  const Script script{.render = milliseconds(1000), .never_completes = true};
  const View view = ViewAt(std::chrono::hours(100), script);
  CHECK(view.status == JobStatus::kInProgress);
  CHECK(view.progress == 99);
}

TEST_CASE("progress never falls", "[timeline]") {
  const Script script{.render = milliseconds(777)};
  int last = 0;
  for (int age = 0; age < 1000; ++age) {
    const int progress = ViewAt(milliseconds(age), script).progress;
    REQUIRE(progress >= last);
    last = progress;
  }
}

}  // namespace
}  // namespace mediarouter::sim
