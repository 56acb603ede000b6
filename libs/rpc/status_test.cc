#include "rpc/status.h"

#include <catch2/catch.hpp>

#include "base/status.h"
#include "mediarouter/common/v1/error.pb.h"
#include "support/status_matchers.h"

namespace mediarouter::rpc {
namespace {

TEST_CASE("a status survives the wire with all that it carries", "[unit][rpc_status]") {
  const absl::Status sent = base::WithRetryAfter(
      base::WithParam(base::NotFound("job_not_found", "job {} does not exist", 7), "id"),
      std::chrono::milliseconds(1500));
  const absl::Status got = FromGrpc(ToGrpc(sent));
  CHECK_FAILS(got, absl::StatusCode::kNotFound, "job_not_found");
  CHECK(base::Message(got) == "job 7 does not exist");
  CHECK(base::Param(got) == "id");
  CHECK(base::RetryAfter(got) == std::chrono::milliseconds(1500));
}

TEST_CASE("every code survives", "[unit][rpc_status]") {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status sent =
        code == 0 ? absl::OkStatus()
                  : base::MakeStatus(static_cast<absl::StatusCode>(code), "a_reason", "text");
    CHECK(FromGrpc(ToGrpc(sent)).code() == sent.code());
    CHECK(base::Reason(FromGrpc(ToGrpc(sent))) == base::Reason(sent));
  }
}

TEST_CASE("what a status does not carry is not invented", "[unit][rpc_status]") {
  const absl::Status got = FromGrpc(ToGrpc(base::Internal("oops", "text")));
  CHECK(base::Param(got).empty());
  CHECK_FALSE(base::RetryAfter(got).has_value());
}

TEST_CASE("the details are what other tools read as google.rpc.Status", "[unit][rpc_status]") {
  const grpc::Status wire = ToGrpc(base::Aborted("conflict", "try again"));
  common::v1::RpcStatus details;
  REQUIRE(details.ParseFromString(wire.error_details()));
  CHECK(details.code() == 10);
  CHECK(details.message() == "try again");
  REQUIRE(details.details_size() == 1);
  CHECK(details.details(0).Is<common::v1::ErrorDetail>());
}

TEST_CASE("failures of gRPC's own making get our reasons", "[unit][rpc_status]") {
  const auto reason_of = [](grpc::StatusCode code) {
    return base::Reason(FromGrpc(grpc::Status(code, "text")));
  };
  CHECK(reason_of(grpc::StatusCode::UNAVAILABLE) == "service_unavailable");
  CHECK(reason_of(grpc::StatusCode::DEADLINE_EXCEEDED) == "deadline_exceeded");
  CHECK(reason_of(grpc::StatusCode::CANCELLED) == "cancelled");
  CHECK(reason_of(grpc::StatusCode::UNIMPLEMENTED).empty());
  CHECK(FromGrpc(grpc::Status(grpc::StatusCode::UNKNOWN, "text", "not a message")).code() ==
        absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace mediarouter::rpc
