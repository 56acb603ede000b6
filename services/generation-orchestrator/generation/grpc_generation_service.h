#pragma once

#include "generation/generation_service.h"
#include "mediarouter/generation/v1/generation_service.grpc.pb.h"
#include "rpc/dispatcher.h"

namespace mediarouter::generation {

// GenerationService over gRPC.
class GrpcGenerationService final : public v1::GenerationService::CallbackService {
 public:
  GrpcGenerationService(GenerationService& service, base::ThreadPool& pool)
      : service_(service), dispatcher_("generation-orchestrator", pool) {}

  grpc::ServerUnaryReactor* CreateGeneration(grpc::CallbackServerContext* context,
                                             const v1::CreateGenerationRequest* request,
                                             v1::Generation* response) override;
  grpc::ServerUnaryReactor* GetGeneration(grpc::CallbackServerContext* context,
                                          const v1::GetGenerationRequest* request,
                                          v1::Generation* response) override;
  grpc::ServerUnaryReactor* ListGenerations(grpc::CallbackServerContext* context,
                                            const v1::ListGenerationsRequest* request,
                                            v1::ListGenerationsResponse* response) override;
  grpc::ServerUnaryReactor* CancelGeneration(grpc::CallbackServerContext* context,
                                             const v1::CancelGenerationRequest* request,
                                             v1::Generation* response) override;
  grpc::ServerUnaryReactor* DeleteGeneration(grpc::CallbackServerContext* context,
                                             const v1::DeleteGenerationRequest* request,
                                             google::protobuf::Empty* response) override;

 private:
  GenerationService& service_;
  rpc::Dispatcher dispatcher_;
};

}  // namespace mediarouter::generation
