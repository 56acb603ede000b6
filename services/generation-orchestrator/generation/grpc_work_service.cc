#include "generation/grpc_work_service.h"

#include <algorithm>

#include "base/status.h"
#include "base/status_macros.h"
#include "generation/proto_codec.h"

namespace mediarouter::generation {
namespace {

using google::protobuf::Empty;

// With the longest prompts (32,000 characters of 4 bytes) an answer still fits a message.
constexpr int kMaxAcquire = 100;
constexpr int kMaxRenew = 20'000;
constexpr int kMaxProgress = 1'000;
constexpr std::chrono::milliseconds kLongestWait = std::chrono::seconds(30);

absl::StatusOr<v1::WorkDirective> Encoded(const absl::StatusOr<Directive>& directive) {
  if (!directive.ok()) return directive.status();
  v1::WorkDirective message;
  Encode(*directive, &message);
  return message;
}

absl::StatusOr<Empty> Encoded(const absl::Status& status) {
  if (!status.ok()) return status;
  return Empty();
}

}  // namespace

grpc::ServerUnaryReactor* GrpcWorkService::AcquireLeases(grpc::CallbackServerContext* context,
                                                         const v1::AcquireLeasesRequest* request,
                                                         v1::AcquireLeasesResponse* response) {
  return waiting_.Unary(
      context, "AcquireLeases", request, response,
      [this](const base::CallContext& call,
             const auto& r) -> absl::StatusOr<v1::AcquireLeasesResponse> {
        if (r.worker_id().empty() || r.max_leases() < 1) {
          return base::InvalidArgument("invalid_value", "worker_id and max_leases are required");
        }
        const int max = std::min(r.max_leases(), kMaxAcquire);
        const auto wait = std::clamp(Decode(r.wait()), std::chrono::milliseconds(0), kLongestWait);
        MR_ASSIGN_OR_RETURN(const std::vector<WorkItem> items,
                            service_.Acquire(call, r.worker_id(), max, wait));
        v1::AcquireLeasesResponse result;
        for (const WorkItem& item : items) Encode(item, result.add_items());
        Encode(service_.config().lease_term, result.mutable_term());
        return result;
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::RenewLeases(grpc::CallbackServerContext* context,
                                                       const v1::RenewLeasesRequest* request,
                                                       v1::RenewLeasesResponse* response) {
  return dispatcher_.Unary(
      context, "RenewLeases", request, response,
      [this](const base::CallContext& call,
             const auto& r) -> absl::StatusOr<v1::RenewLeasesResponse> {
        if (r.leases_size() > kMaxRenew) {
          return base::InvalidArgument("invalid_value", "at most {} leases", kMaxRenew);
        }
        std::vector<Lease> leases;
        leases.reserve(r.leases_size());
        for (const v1::Lease& lease : r.leases()) leases.push_back(Decode(lease));
        MR_ASSIGN_OR_RETURN(const WorkService::Renewal renewal, service_.Renew(call, leases));
        v1::RenewLeasesResponse result;
        for (const std::string& id : renewal.lost) result.add_lost_generation_ids(id);
        for (const std::string& id : renewal.cancel) result.add_cancel_generation_ids(id);
        Encode(service_.config().lease_term, result.mutable_term());
        return result;
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::ReleaseLease(grpc::CallbackServerContext* context,
                                                        const v1::ReleaseLeaseRequest* request,
                                                        Empty* response) {
  return dispatcher_.Unary(
      context, "ReleaseLease", request, response,
      [this](const base::CallContext& call, const auto& r) {
        return Encoded(service_.Release(call, Decode(r.lease()), Decode(r.delay())));
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::ReleaseWorker(grpc::CallbackServerContext* context,
                                                         const v1::ReleaseWorkerRequest* request,
                                                         Empty* response) {
  return dispatcher_.Unary(context, "ReleaseWorker", request, response,
                           [this](const base::CallContext& call, const auto& r) {
                             return Encoded(service_.ReleaseWorker(call, r.worker_id()));
                           });
}

grpc::ServerUnaryReactor* GrpcWorkService::BeginSubmit(grpc::CallbackServerContext* context,
                                                       const v1::BeginSubmitRequest* request,
                                                       v1::SubmitAttempt* response) {
  return dispatcher_.Unary(
      context, "BeginSubmit", request, response,
      [this](const base::CallContext& call, const auto& r) -> absl::StatusOr<v1::SubmitAttempt> {
        MR_ASSIGN_OR_RETURN(const SubmitAttempt attempt,
                            service_.BeginSubmit(call, Decode(r.lease()), r.request_id()));
        v1::SubmitAttempt result;
        Encode(attempt, &result);
        return result;
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::RecordSubmit(grpc::CallbackServerContext* context,
                                                        const v1::RecordSubmitRequest* request,
                                                        v1::WorkDirective* response) {
  return dispatcher_.Unary(
      context, "RecordSubmit", request, response,
      [this](const base::CallContext& call, const auto& r) {
        return Encoded(service_.RecordSubmit(call, Decode(r.lease()), r.attempt(),
                                             static_cast<SubmitOutcome>(r.outcome()),
                                             r.provider_job_id(), Decode(r.fault())));
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::AdoptJob(grpc::CallbackServerContext* context,
                                                    const v1::AdoptJobRequest* request,
                                                    v1::WorkDirective* response) {
  return dispatcher_.Unary(
      context, "AdoptJob", request, response, [this](const base::CallContext& call, const auto& r) {
        const std::vector<std::string> candidates(r.candidate_job_ids().begin(),
                                                  r.candidate_job_ids().end());
        return Encoded(
            service_.AdoptJob(call, Decode(r.lease()), r.attempt(), r.looked_up(), candidates));
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::ReportProgress(grpc::CallbackServerContext* context,
                                                          const v1::ReportProgressRequest* request,
                                                          Empty* response) {
  return dispatcher_.Unary(
      context, "ReportProgress", request, response,
      [this](const base::CallContext& call, const auto& r) -> absl::StatusOr<Empty> {
        if (r.progress_size() > kMaxProgress) {
          return base::InvalidArgument("invalid_value", "at most {} reports", kMaxProgress);
        }
        std::vector<Progress> progress;
        for (const v1::Progress& each : r.progress()) {
          progress.push_back({Decode(each.lease()), std::clamp(each.percent(), 0, 99)});
        }
        return Encoded(service_.ReportProgress(call, progress));
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::ReportOutcome(grpc::CallbackServerContext* context,
                                                         const v1::ReportOutcomeRequest* request,
                                                         v1::WorkDirective* response) {
  return dispatcher_.Unary(context, "ReportOutcome", request, response,
                           [this](const base::CallContext& call, const auto& r) {
                             std::optional<Fault> fault;
                             if (r.has_fault()) fault = Decode(r.fault());
                             std::optional<std::int64_t> charged;
                             if (r.has_charged_micros()) charged = r.charged_micros();
                             return Encoded(service_.ReportOutcome(call, Decode(r.lease()),
                                                                   r.attempt(), fault, charged));
                           });
}

grpc::ServerUnaryReactor* GrpcWorkService::BeginStore(grpc::CallbackServerContext* context,
                                                      const v1::BeginStoreRequest* request,
                                                      Empty* response) {
  return dispatcher_.Unary(
      context, "BeginStore", request, response,
      [this](const base::CallContext& call, const auto& r) {
        return Encoded(service_.BeginStore(call, Decode(r.lease()), r.asset_id()));
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::CompleteGeneration(
    grpc::CallbackServerContext* context, const v1::CompleteGenerationRequest* request,
    v1::WorkDirective* response) {
  return dispatcher_.Unary(
      context, "CompleteGeneration", request, response,
      [this](const base::CallContext& call, const auto& r) {
        return Encoded(service_.Complete(call, Decode(r.lease()), Decode(r.video())));
      });
}

grpc::ServerUnaryReactor* GrpcWorkService::FailOutput(grpc::CallbackServerContext* context,
                                                      const v1::FailOutputRequest* request,
                                                      Empty* response) {
  return dispatcher_.Unary(
      context, "FailOutput", request, response,
      [this](const base::CallContext& call, const auto& r) {
        return Encoded(service_.FailOutput(call, Decode(r.lease()), r.message()));
      });
}

}  // namespace mediarouter::generation
