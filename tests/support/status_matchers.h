#pragma once

#include <absl/status/statusor.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/status.h"

namespace mediarouter::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace mediarouter::testing

// Assertions on Status and StatusOr that print what was there instead.
#define CHECK_OK(expression)                                                           \
  do {                                                                                 \
    const auto& mr_checked = (expression);                                             \
    INFO(::mediarouter::base::Describe(::mediarouter::testing::StatusOf(mr_checked))); \
    CHECK(mr_checked.ok());                                                            \
  } while (false)

#define REQUIRE_OK(expression)                                                         \
  do {                                                                                 \
    const auto& mr_checked = (expression);                                             \
    INFO(::mediarouter::base::Describe(::mediarouter::testing::StatusOf(mr_checked))); \
    REQUIRE(mr_checked.ok());                                                          \
  } while (false)

// The code and the reason of a failure.
#define CHECK_FAILS(expression, expected_code, expected_reason)           \
  do {                                                                    \
    const auto& mr_checked = (expression);                                \
    const auto& mr_status = ::mediarouter::testing::StatusOf(mr_checked); \
    INFO(::mediarouter::base::Describe(mr_status));                       \
    CHECK(mr_status.code() == (expected_code));                           \
    CHECK(::mediarouter::base::Reason(mr_status) == (expected_reason));   \
  } while (false)
