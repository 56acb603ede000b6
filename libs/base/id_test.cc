#include "base/id.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "support/fake_clock.h"

namespace mediarouter::base {
namespace {

TEST_CASE("ids have the shape that IsId asks for", "[unit][id]") {
  const std::string id = NewId("gen_");
  CHECK(id.size() == 30);
  CHECK(IsId("gen_", id));
  CHECK_FALSE(IsId("key_", id));
}

TEST_CASE("other texts are no ids", "[unit][id]") {
  const std::string id = NewId("gen_");
  for (const std::string& other :
       {std::string(), std::string("gen_"), id + "0", id.substr(0, 29), id.substr(0, 29) + "u",
        id.substr(0, 29) + "A", id.substr(0, 29) + std::string(1, '\0'), "GEN_" + id.substr(4)}) {
    CHECK_FALSE(IsId("gen_", other));
  }
}

TEST_CASE("ids sort by the time they were made and never repeat", "[unit][id]") {
  mediarouter::testing::FakeClock clock;
  std::set<std::string> ids;
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    clock.Advance(std::chrono::milliseconds(1));
    const std::string id = NewId("gen_", clock);
    CHECK(id > last);
    last = id;
    CHECK(ids.insert(NewId("gen_", clock)).second);
  }
}

TEST_CASE("the first ten digits are the milliseconds", "[unit][id]") {
  const mediarouter::testing::FakeClock clock;  // 1'800'000'000'000 ms
  CHECK(NewId("", clock).substr(0, 10) == "01mcc5rm00");
}

TEST_CASE("random bytes are as many as asked and differ", "[unit][id]") {
  CHECK(RandomBytes(0).empty());
  CHECK(RandomBytes(32).size() == 32);
  CHECK(RandomBytes(32) != RandomBytes(32));
}

}  // namespace
}  // namespace mediarouter::base
