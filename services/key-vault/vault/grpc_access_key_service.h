#pragma once

#include "mediarouter/vault/v1/access_key_service.grpc.pb.h"
#include "rpc/dispatcher.h"
#include "vault/access_key_service.h"

namespace mediarouter::vault {

// The wire of AccessKeyService. Thread-safe.
class GrpcAccessKeyService final : public v1::AccessKeyService::CallbackService {
 public:
  GrpcAccessKeyService(AccessKeyService& service, rpc::Dispatcher& dispatcher)
      : service_(service), dispatcher_(dispatcher) {}

  grpc::ServerUnaryReactor* AuthenticateAccessKey(
      grpc::CallbackServerContext* context, const v1::AuthenticateAccessKeyRequest* request,
      v1::AuthenticateAccessKeyResponse* response) override;

 private:
  AccessKeyService& service_;
  rpc::Dispatcher& dispatcher_;
};

}  // namespace mediarouter::vault
