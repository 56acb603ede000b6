#pragma once

#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "rpc/dispatcher.h"
#include "vault/provider_key_service.h"

namespace mediarouter::vault {

// The wire of ProviderKeyService. Thread-safe.
class GrpcProviderKeyService final : public v1::ProviderKeyService::CallbackService {
 public:
  GrpcProviderKeyService(ProviderKeyService& service, rpc::Dispatcher& dispatcher)
      : service_(service), dispatcher_(dispatcher) {}

  grpc::ServerUnaryReactor* CreateProviderKey(grpc::CallbackServerContext* context,
                                              const v1::CreateProviderKeyRequest* request,
                                              v1::ProviderKey* response) override;
  grpc::ServerUnaryReactor* GetProviderKey(grpc::CallbackServerContext* context,
                                           const v1::GetProviderKeyRequest* request,
                                           v1::ProviderKey* response) override;
  grpc::ServerUnaryReactor* ListProviderKeys(grpc::CallbackServerContext* context,
                                             const v1::ListProviderKeysRequest* request,
                                             v1::ListProviderKeysResponse* response) override;
  grpc::ServerUnaryReactor* SetProviderKeyStatus(grpc::CallbackServerContext* context,
                                                 const v1::SetProviderKeyStatusRequest* request,
                                                 v1::ProviderKey* response) override;
  grpc::ServerUnaryReactor* DeleteProviderKey(grpc::CallbackServerContext* context,
                                              const v1::DeleteProviderKeyRequest* request,
                                              google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* DestroyProviderKeySecret(
      grpc::CallbackServerContext* context, const v1::DestroyProviderKeySecretRequest* request,
      google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* AccessProviderKey(grpc::CallbackServerContext* context,
                                              const v1::AccessProviderKeyRequest* request,
                                              v1::AccessProviderKeyResponse* response) override;

 private:
  ProviderKeyService& service_;
  rpc::Dispatcher& dispatcher_;
};

}  // namespace mediarouter::vault
