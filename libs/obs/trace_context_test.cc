#include "obs/trace_context.h"

#include <catch2/catch.hpp>
#include <string>

namespace mediarouter::obs {
namespace {

constexpr char kGood[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST_CASE("the specification's example is a traceparent", "[unit][trace]") {
  CHECK(IsTraceparent(kGood));
}

TEST_CASE("other texts are none", "[unit][trace]") {
  for (const char* bad : {"", "00-", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                          "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
                          "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"}) {
    CHECK_FALSE(IsTraceparent(bad));
  }
}

TEST_CASE("a child keeps trace and flags and has its own id", "[unit][trace]") {
  const std::string child = ChildTraceparent(kGood);
  CHECK(IsTraceparent(child));
  CHECK(child.substr(0, 36) == std::string(kGood).substr(0, 36));
  CHECK(child.substr(36, 16) != std::string(kGood).substr(36, 16));
  CHECK(child.substr(52) == "-01");
}

TEST_CASE("without a parent a new trace begins", "[unit][trace]") {
  const std::string first = ChildTraceparent("");
  const std::string second = ChildTraceparent("nonsense");
  CHECK(IsTraceparent(first));
  CHECK(IsTraceparent(second));
  CHECK(first.substr(3, 32) != second.substr(3, 32));
}

}  // namespace
}  // namespace mediarouter::obs
