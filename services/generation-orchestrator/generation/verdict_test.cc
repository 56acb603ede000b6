#include "generation/verdict.h"

#include <catch2/catch.hpp>

namespace mediarouter::generation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Refusal Judge(FaultKind kind, int attempt = 1, milliseconds waited = seconds(1),
              std::optional<milliseconds> retry_after = std::nullopt) {
  return JudgeRefusal({.kind = kind, .message = "", .retry_after = retry_after}, attempt, waited,
                      hours(24));
}

TEST_CASE("what the provider will never take ends the generation", "[unit][verdict]") {
  CHECK(Judge(FaultKind::kModeration).ends);
  CHECK(Judge(FaultKind::kModeration).code == "moderation_blocked");
  CHECK(Judge(FaultKind::kInvalidRequest).ends);
}

TEST_CASE("a refused key is set aside and the next one tried at once", "[unit][verdict]") {
  const Refusal invalid = Judge(FaultKind::kInvalidKey);
  CHECK_FALSE(invalid.ends);
  CHECK(invalid.key_invalid);
  CHECK(invalid.delay == milliseconds(0));
  CHECK(Judge(FaultKind::kNoCredit).key_exhausted);
}

TEST_CASE("being too fast waits as long as the provider says, within an hour", "[unit][verdict]") {
  CHECK(Judge(FaultKind::kRateLimit, 1, seconds(1), seconds(7)).delay == seconds(7));
  CHECK(Judge(FaultKind::kRateLimit, 1, seconds(1), hours(50)).delay == hours(1));
  CHECK_FALSE(Judge(FaultKind::kRateLimit).key_invalid);
}

TEST_CASE("a provider that is down is tried ever more slowly", "[unit][verdict]") {
  CHECK(Judge(FaultKind::kProvider, 1).delay == seconds(1));
  CHECK(Judge(FaultKind::kProvider, 3).delay == seconds(4));
  CHECK(Judge(FaultKind::kProvider, 40).delay == minutes(1));
  CHECK_FALSE(Judge(FaultKind::kProvider, 40).ends);
}

TEST_CASE("patience has an end", "[unit][verdict]") {
  const Refusal refusal = Judge(FaultKind::kProvider, 40, hours(24));
  CHECK(refusal.ends);
  CHECK(refusal.code == "provider_unavailable");
}

}  // namespace
}  // namespace mediarouter::generation
