#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "base/secret_string.h"
#include "httpc/http_client.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "mediarouter/worker/v1/provider_service.grpc.pb.h"
#include "providers/registry.h"
#include "rpc/dispatcher.h"
#include "worker/coroutines.h"

namespace mediarouter::worker {

// What providers say of keys, over gRPC. Thread-safe.
class GrpcProviderService final : public v1::ProviderService::CallbackService {
 public:
  // Requests to providers run on `executor` while a thread of `pool` waits for them.
  GrpcProviderService(boost::asio::any_io_executor executor, base::ThreadPool& pool,
                      const providers::Registry& registry, httpc::HttpClient& client,
                      const std::shared_ptr<grpc::Channel>& vault);

  grpc::ServerUnaryReactor* ValidateProviderKey(grpc::CallbackServerContext* context,
                                                const v1::ValidateProviderKeyRequest* request,
                                                v1::ValidateProviderKeyResponse* response) override;

 private:
  absl::StatusOr<v1::ValidateProviderKeyResponse> Validate(
      const base::CallContext& call, const v1::ValidateProviderKeyRequest& request);
  absl::StatusOr<base::SecretString> StoredKey(const base::CallContext& call,
                                               const std::string& provider, std::int64_t id);

  boost::asio::any_io_executor executor_;
  rpc::Dispatcher dispatcher_;
  const providers::Registry& registry_;
  httpc::HttpClient& client_;
  std::unique_ptr<vault::v1::ProviderKeyService::Stub> vault_;
};

}  // namespace mediarouter::worker
