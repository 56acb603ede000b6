#include "generation/grpc_generation_service.h"

#include "base/status_macros.h"
#include "generation/proto_codec.h"

namespace mediarouter::generation {
namespace {

constexpr int kDefaultPage = 50;

absl::StatusOr<pb::Generation> Encoded(const absl::StatusOr<Generation>& generation) {
  if (!generation.ok()) return generation.status();
  pb::Generation message;
  Encode(*generation, &message);
  return message;
}

absl::StatusOr<google::protobuf::Empty> Empty(const absl::Status& status) {
  if (!status.ok()) return status;
  return google::protobuf::Empty();
}

std::optional<std::string> NotEmpty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

ListQuery DecodeQuery(const v1::ListGenerationsRequest& request) {
  ListQuery query;
  query.limit = request.page_size() == 0 ? kDefaultPage : request.page_size();
  query.skip = request.skip();
  query.provider = NotEmpty(request.provider());
  query.model = NotEmpty(request.model());
  if (request.state() != v1::GENERATION_STATE_UNSPECIFIED) {
    query.state = std::string(ToText(static_cast<State>(request.state())));
  }
  query.text = NotEmpty(request.query());
  if (request.has_created_after()) query.created_after = Decode(request.created_after());
  if (request.has_created_before()) query.created_before = Decode(request.created_before());
  return query;
}

}  // namespace

grpc::ServerUnaryReactor* GrpcGenerationService::CreateGeneration(
    grpc::CallbackServerContext* context, const v1::CreateGenerationRequest* request,
    v1::Generation* response) {
  return dispatcher_.Unary(
      context, "CreateGeneration", request, response,
      [this](const base::CallContext& call, const auto& r) {
        return Encoded(service_.Create(call, r.generation().id(), DecodeWish(r.generation())));
      });
}

grpc::ServerUnaryReactor* GrpcGenerationService::GetGeneration(
    grpc::CallbackServerContext* context, const v1::GetGenerationRequest* request,
    v1::Generation* response) {
  return dispatcher_.Unary(context, "GetGeneration", request, response,
                           [this](const base::CallContext& call, const auto& r) {
                             return Encoded(service_.Get(call, r.id()));
                           });
}

grpc::ServerUnaryReactor* GrpcGenerationService::ListGenerations(
    grpc::CallbackServerContext* context, const v1::ListGenerationsRequest* request,
    v1::ListGenerationsResponse* response) {
  return dispatcher_.Unary(
      context, "ListGenerations", request, response,
      [this](const base::CallContext& call,
             const auto& r) -> absl::StatusOr<v1::ListGenerationsResponse> {
        MR_ASSIGN_OR_RETURN(const Page page, service_.List(call, DecodeQuery(r), r.page_token()));
        v1::ListGenerationsResponse result;
        for (const Generation& each : page.generations) Encode(each, result.add_generations());
        result.set_next_page_token(page.next_page_token);
        return result;
      });
}

grpc::ServerUnaryReactor* GrpcGenerationService::CancelGeneration(
    grpc::CallbackServerContext* context, const v1::CancelGenerationRequest* request,
    v1::Generation* response) {
  return dispatcher_.Unary(context, "CancelGeneration", request, response,
                           [this](const base::CallContext& call, const auto& r) {
                             return Encoded(service_.Cancel(call, r.id()));
                           });
}

grpc::ServerUnaryReactor* GrpcGenerationService::DeleteGeneration(
    grpc::CallbackServerContext* context, const v1::DeleteGenerationRequest* request,
    google::protobuf::Empty* response) {
  return dispatcher_.Unary(context, "DeleteGeneration", request, response,
                           [this](const base::CallContext& call, const auto& r) {
                             return Empty(service_.Delete(call, r.id()));
                           });
}

}  // namespace mediarouter::generation
