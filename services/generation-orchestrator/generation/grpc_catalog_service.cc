#include "generation/grpc_catalog_service.h"

#include "base/status_macros.h"
#include "generation/proto_codec.h"

namespace mediarouter::generation {

grpc::ServerUnaryReactor* GrpcCatalogService::ListProviders(grpc::CallbackServerContext* context,
                                                            const v1::ListProvidersRequest* request,
                                                            v1::ListProvidersResponse* response) {
  return dispatcher_.Unary(
      context, "ListProviders", request, response,
      [this](const base::CallContext&, const auto&) -> absl::StatusOr<v1::ListProvidersResponse> {
        v1::ListProvidersResponse result;
        for (const catalog::Provider& each : catalog_.providers()) {
          Encode(each, result.add_providers());
        }
        return result;
      });
}

grpc::ServerUnaryReactor* GrpcCatalogService::EstimateCost(grpc::CallbackServerContext* context,
                                                           const v1::EstimateCostRequest* request,
                                                           v1::EstimateCostResponse* response) {
  return dispatcher_.Unary(
      context, "EstimateCost", request, response,
      [this](const base::CallContext&, const auto& r) -> absl::StatusOr<v1::EstimateCostResponse> {
        catalog::Wish wish = DecodeWish(r.generation());
        if (wish.prompt->empty()) wish.prompt.reset();  // not needed for a price
        MR_ASSIGN_OR_RETURN(const catalog::Choice choice, catalog_.Resolve(wish));
        v1::EstimateCostResponse result;
        v1::Generation* generation = result.mutable_generation();
        generation->set_provider(choice.provider->name);
        generation->set_model(choice.model->name);
        v1::Parameters* parameters = generation->mutable_parameters();
        parameters->set_duration(choice.duration);
        parameters->set_aspect_ratio(choice.size->aspect_ratio);
        parameters->set_size(choice.size->size);
        if (wish.seed) parameters->set_seed(*wish.seed);
        if (wish.fps) parameters->set_fps(*wish.fps);
        result.set_cost_micros(choice.cost_micros);
        result.set_per_second_micros(choice.size->micros_per_second);
        return result;
      });
}

}  // namespace mediarouter::generation
