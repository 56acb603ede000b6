#pragma once

#include "generation/work_service.h"
#include "mediarouter/generation/v1/work_service.grpc.pb.h"
#include "rpc/dispatcher.h"

namespace mediarouter::generation {

// WorkService over gRPC. AcquireLeases waits, so it has threads of its own: workers that wait never
// hold up a report.
class GrpcWorkService final : public v1::WorkService::CallbackService {
 public:
  GrpcWorkService(WorkService& service, base::ThreadPool& pool, base::ThreadPool& waiting)
      : service_(service),
        dispatcher_("generation-orchestrator", pool),
        waiting_("generation-orchestrator", waiting) {}

  grpc::ServerUnaryReactor* AcquireLeases(grpc::CallbackServerContext* context,
                                          const v1::AcquireLeasesRequest* request,
                                          v1::AcquireLeasesResponse* response) override;
  grpc::ServerUnaryReactor* RenewLeases(grpc::CallbackServerContext* context,
                                        const v1::RenewLeasesRequest* request,
                                        v1::RenewLeasesResponse* response) override;
  grpc::ServerUnaryReactor* ReleaseLease(grpc::CallbackServerContext* context,
                                         const v1::ReleaseLeaseRequest* request,
                                         google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* ReleaseWorker(grpc::CallbackServerContext* context,
                                          const v1::ReleaseWorkerRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* BeginSubmit(grpc::CallbackServerContext* context,
                                        const v1::BeginSubmitRequest* request,
                                        v1::SubmitAttempt* response) override;
  grpc::ServerUnaryReactor* RecordSubmit(grpc::CallbackServerContext* context,
                                         const v1::RecordSubmitRequest* request,
                                         v1::WorkDirective* response) override;
  grpc::ServerUnaryReactor* AdoptJob(grpc::CallbackServerContext* context,
                                     const v1::AdoptJobRequest* request,
                                     v1::WorkDirective* response) override;
  grpc::ServerUnaryReactor* ReportProgress(grpc::CallbackServerContext* context,
                                           const v1::ReportProgressRequest* request,
                                           google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* ReportOutcome(grpc::CallbackServerContext* context,
                                          const v1::ReportOutcomeRequest* request,
                                          v1::WorkDirective* response) override;
  grpc::ServerUnaryReactor* BeginStore(grpc::CallbackServerContext* context,
                                       const v1::BeginStoreRequest* request,
                                       google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* CompleteGeneration(grpc::CallbackServerContext* context,
                                               const v1::CompleteGenerationRequest* request,
                                               v1::WorkDirective* response) override;
  grpc::ServerUnaryReactor* FailOutput(grpc::CallbackServerContext* context,
                                       const v1::FailOutputRequest* request,
                                       google::protobuf::Empty* response) override;

 private:
  WorkService& service_;
  rpc::Dispatcher dispatcher_;
  rpc::Dispatcher waiting_;
};

}  // namespace mediarouter::generation
