#include "sim/faults.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "sim/fault_names.h"

namespace mediarouter::sim {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a fault strikes what it matches, as often as it says", "[faults]") {
  FaultEngine engine;
  engine.Add({.kind = FaultKind::kStatus, .op = Op::kCreate, .prompt_contains = "cat", .count = 2});
  CHECK_FALSE(engine.Take(Op::kPoll, "a cat").fault);
  CHECK_FALSE(engine.Take(Op::kCreate, "a dog").fault);
  CHECK(engine.Take(Op::kCreate, "a cat").Has(FaultKind::kStatus));
  CHECK(engine.Take(Op::kCreate, "concatenate").Has(FaultKind::kStatus));
  CHECK_FALSE(engine.Take(Op::kCreate, "a cat").fault);
  CHECK(engine.List().front().hits == 2);
}

TEST_CASE("a fault without a limit strikes until it is removed", "[faults]") {
  FaultEngine engine;
  const std::string id = engine.Add({.kind = FaultKind::kDropBefore, .count = 0});
  for (int i = 0; i < 10; ++i) CHECK(engine.Take(Op::kModels, "").fault);
  CHECK(engine.Remove(id));
  CHECK_FALSE(engine.Remove(id));
  CHECK_FALSE(engine.Take(Op::kModels, "").fault);
}

TEST_CASE("a fault can let some requests pass first", "[faults]") {
  FaultEngine engine;
  engine.Add({.kind = FaultKind::kStatus, .after = 2});
  CHECK_FALSE(engine.Take(Op::kPoll, "x").fault);
  CHECK_FALSE(engine.Take(Op::kPoll, "x").fault);
  CHECK(engine.Take(Op::kPoll, "x").fault);
  CHECK_FALSE(engine.Take(Op::kPoll, "x").fault);
}

TEST_CASE("latencies add up and go with the oldest other fault", "[faults]") {
  FaultEngine engine;
  engine.SetLatency(milliseconds(1));
  engine.Add({.kind = FaultKind::kLatency, .delay = milliseconds(10)});
  engine.Add({.kind = FaultKind::kStatus, .code = 500});
  engine.Add({.kind = FaultKind::kLatency, .delay = milliseconds(100)});
  engine.Add({.kind = FaultKind::kStatus, .code = 502});
  const Plan first = engine.Take(Op::kPoll, "x");
  CHECK(first.latency == milliseconds(111));
  CHECK(first.fault->code == 500);
  const Plan second = engine.Take(Op::kPoll, "x");
  CHECK(second.latency == milliseconds(1));
  CHECK(second.fault->code == 502);
}

TEST_CASE("a kind of one operation strikes no other", "[faults]") {
  FaultEngine engine;
  engine.Add({.kind = FaultKind::kJobForgotten});
  CHECK_FALSE(engine.Take(Op::kContent, "x").fault);
  CHECK(engine.Take(Op::kPoll, "x").fault);
}

TEST_CASE("each strike is given away once under concurrency", "[faults]") {
  FaultEngine engine;
  engine.Add({.kind = FaultKind::kStatus, .count = 1000});
  std::atomic<int> struck = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) struck += engine.Take(Op::kPoll, "x").fault.has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(struck == 1000);
}

TEST_CASE("names of operations and kinds read back", "[faults]") {
  CHECK(ParseOp(Name(Op::kContent)) == Op::kContent);
  CHECK(ParseFaultKind(Name(FaultKind::kRedirect)) == FaultKind::kRedirect);
  CHECK_FALSE(ParseOp("dance"));
  CHECK_FALSE(ParseFaultKind("dance"));
}

}  // namespace
}  // namespace mediarouter::sim
