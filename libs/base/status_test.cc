#include "base/status.h"

#include <catch2/catch.hpp>

#include "base/status_macros.h"
#include "support/status_matchers.h"

namespace mediarouter::base {
namespace {

TEST_CASE("a status carries reason, parameter and delay", "[unit][status]") {
  const absl::Status plain = NotFound("job_not_found", "job {} does not exist", 7);
  CHECK(plain.code() == absl::StatusCode::kNotFound);
  CHECK(Message(plain) == "job 7 does not exist");
  CHECK(Reason(plain) == "job_not_found");
  CHECK(Param(plain).empty());
  CHECK_FALSE(RetryAfter(plain).has_value());
  CHECK(Describe(plain) == "NOT_FOUND job_not_found: job 7 does not exist");

  const absl::Status full = WithRetryAfter(WithParam(plain, "id"), std::chrono::seconds(3));
  CHECK(Reason(full) == "job_not_found");
  CHECK(Param(full) == "id");
  CHECK(RetryAfter(full) == std::chrono::milliseconds(3000));
}

TEST_CASE("OK has nothing to tell", "[unit][status]") {
  CHECK(Describe(absl::OkStatus()) == "OK");
  CHECK(Reason(absl::OkStatus()).empty());
  CHECK(Message(absl::OkStatus()).empty());
}

TEST_CASE("a status of somebody else's making is described without a reason", "[unit][status]") {
  CHECK(Describe(absl::Status(absl::StatusCode::kInternal, "oops")) == "INTERNAL: oops");
}

absl::StatusOr<int> Half(int number) {
  if (number % 2 != 0) return InvalidArgument("odd", "{} is odd", number);
  return number / 2;
}

absl::StatusOr<int> Quarter(int number) {
  MR_ASSIGN_OR_RETURN(const int half, Half(number));
  MR_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

absl::Status Check(int number) {
  MR_RETURN_IF_ERROR(Half(number).status());
  return absl::OkStatus();
}

TEST_CASE("the macros return the first failure as it is", "[unit][status]") {
  CHECK(*Quarter(8) == 2);
  CHECK_FAILS(Quarter(6), absl::StatusCode::kInvalidArgument, "odd");
  CHECK_OK(Check(2));
  CHECK_FAILS(Check(3), absl::StatusCode::kInvalidArgument, "odd");
}

}  // namespace
}  // namespace mediarouter::base
