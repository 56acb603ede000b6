#include "vault/grpc_provider_key_service.h"

#include "base/status_macros.h"
#include "vault/proto_codec.h"

namespace mediarouter::vault {
namespace {

using Call = base::CallContext;
using Empty = google::protobuf::Empty;

absl::StatusOr<v1::ProviderKey> Answer(const absl::StatusOr<ProviderKey>& key) {
  if (!key.ok()) return key.status();
  return ToProto(*key);
}

absl::StatusOr<Empty> Answer(const absl::Status& status) {
  if (!status.ok()) return status;
  return Empty();
}

}  // namespace

grpc::ServerUnaryReactor* GrpcProviderKeyService::CreateProviderKey(
    grpc::CallbackServerContext* context, const v1::CreateProviderKeyRequest* request,
    v1::ProviderKey* response) {
  return dispatcher_.Unary(
      context, "CreateProviderKey", request, response,
      [this](const Call& call, const v1::CreateProviderKeyRequest& r) {
        return Answer(service_.Create(call, r.provider(), r.secret(), r.name(), r.request_id()));
      });
}

grpc::ServerUnaryReactor* GrpcProviderKeyService::GetProviderKey(
    grpc::CallbackServerContext* context, const v1::GetProviderKeyRequest* request,
    v1::ProviderKey* response) {
  return dispatcher_.Unary(context, "GetProviderKey", request, response,
                           [this](const Call& call, const v1::GetProviderKeyRequest& r) {
                             return Answer(service_.Get(call, r.id()));
                           });
}

grpc::ServerUnaryReactor* GrpcProviderKeyService::ListProviderKeys(
    grpc::CallbackServerContext* context, const v1::ListProviderKeysRequest* request,
    v1::ListProviderKeysResponse* response) {
  return dispatcher_.Unary(
      context, "ListProviderKeys", request, response,
      [this](const Call& call,
             const v1::ListProviderKeysRequest& r) -> absl::StatusOr<v1::ListProviderKeysResponse> {
        MR_ASSIGN_OR_RETURN(
            const ProviderKeyPage page,
            service_.List(call, r.provider(), r.show_revoked(), r.page_size(), r.page_token()));
        v1::ListProviderKeysResponse answer;
        for (const ProviderKey& key : page.keys) *answer.add_provider_keys() = ToProto(key);
        answer.set_next_page_token(page.next_token);
        return answer;
      });
}

grpc::ServerUnaryReactor* GrpcProviderKeyService::SetProviderKeyStatus(
    grpc::CallbackServerContext* context, const v1::SetProviderKeyStatusRequest* request,
    v1::ProviderKey* response) {
  return dispatcher_.Unary(
      context, "SetProviderKeyStatus", request, response,
      [this](const Call& call,
             const v1::SetProviderKeyStatusRequest& r) -> absl::StatusOr<v1::ProviderKey> {
        MR_ASSIGN_OR_RETURN(const ProviderKeyStatus status, FromProto(r.status()));
        return Answer(service_.SetStatus(call, r.id(), status));
      });
}

grpc::ServerUnaryReactor* GrpcProviderKeyService::DeleteProviderKey(
    grpc::CallbackServerContext* context, const v1::DeleteProviderKeyRequest* request,
    Empty* response) {
  return dispatcher_.Unary(context, "DeleteProviderKey", request, response,
                           [this](const Call& call, const v1::DeleteProviderKeyRequest& r) {
                             return Answer(service_.Delete(call, r.id()));
                           });
}

grpc::ServerUnaryReactor* GrpcProviderKeyService::DestroyProviderKeySecret(
    grpc::CallbackServerContext* context, const v1::DestroyProviderKeySecretRequest* request,
    Empty* response) {
  return dispatcher_.Unary(context, "DestroyProviderKeySecret", request, response,
                           [this](const Call& call, const v1::DestroyProviderKeySecretRequest& r) {
                             return Answer(service_.DestroySecret(call, r.id()));
                           });
}

grpc::ServerUnaryReactor* GrpcProviderKeyService::AccessProviderKey(
    grpc::CallbackServerContext* context, const v1::AccessProviderKeyRequest* request,
    v1::AccessProviderKeyResponse* response) {
  return dispatcher_.Unary(context, "AccessProviderKey", request, response,
                           [this](const Call& call, const v1::AccessProviderKeyRequest& r)
                               -> absl::StatusOr<v1::AccessProviderKeyResponse> {
                             MR_ASSIGN_OR_RETURN(
                                 const ReleasedSecret released,
                                 service_.Access(call, r.id(), r.purpose(), r.holder()));
                             v1::AccessProviderKeyResponse answer;
                             answer.set_secret(std::string(released.secret.Reveal()));
                             answer.set_provider(released.provider);
                             return answer;
                           });
}

}  // namespace mediarouter::vault
