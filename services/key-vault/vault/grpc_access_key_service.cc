#include "vault/grpc_access_key_service.h"

#include "base/status_macros.h"
#include "vault/proto_codec.h"

namespace mediarouter::vault {

grpc::ServerUnaryReactor* GrpcAccessKeyService::AuthenticateAccessKey(
    grpc::CallbackServerContext* context, const v1::AuthenticateAccessKeyRequest* request,
    v1::AuthenticateAccessKeyResponse* response) {
  return dispatcher_.Unary(
      context, "AuthenticateAccessKey", request, response,
      [this](const base::CallContext& call, const v1::AuthenticateAccessKeyRequest& r)
          -> absl::StatusOr<v1::AuthenticateAccessKeyResponse> {
        MR_ASSIGN_OR_RETURN(const base::Principal principal,
                            service_.Authenticate(call, r.access_key()));
        v1::AuthenticateAccessKeyResponse answer;
        *answer.mutable_principal() = ToProto(principal);
        return answer;
      });
}

}  // namespace mediarouter::vault
