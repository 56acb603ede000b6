#pragma once

#include "catalog/catalog.h"
#include "mediarouter/generation/v1/catalog_service.grpc.pb.h"
#include "rpc/dispatcher.h"

namespace mediarouter::generation {

// The catalog over gRPC.
class GrpcCatalogService final : public v1::CatalogService::CallbackService {
 public:
  GrpcCatalogService(const catalog::Catalog& catalog, base::ThreadPool& pool)
      : catalog_(catalog), dispatcher_("generation-orchestrator", pool) {}

  grpc::ServerUnaryReactor* ListProviders(grpc::CallbackServerContext* context,
                                          const v1::ListProvidersRequest* request,
                                          v1::ListProvidersResponse* response) override;
  grpc::ServerUnaryReactor* EstimateCost(grpc::CallbackServerContext* context,
                                         const v1::EstimateCostRequest* request,
                                         v1::EstimateCostResponse* response) override;

 private:
  const catalog::Catalog& catalog_;
  rpc::Dispatcher dispatcher_;
};

}  // namespace mediarouter::generation
