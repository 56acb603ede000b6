#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/call_context.h"
#include "mediarouter/generation/v1/catalog_service.pb.h"
#include "mediarouter/generation/v1/generation_service.pb.h"
#include "mediarouter/media/v1/media_service.pb.h"
#include "mediarouter/vault/v1/access_key_service.pb.h"
#include "mediarouter/vault/v1/provider_key_service.pb.h"
#include "mediarouter/worker/v1/provider_service.pb.h"

namespace grpc {
class Channel;
}

namespace mediarouter::gateway {

struct Channels {
  std::shared_ptr<grpc::Channel> vault;
  std::shared_ptr<grpc::Channel> orchestrator;
  std::shared_ptr<grpc::Channel> worker;
  std::shared_ptr<grpc::Channel> media;
};

// The calls that the gateway makes, so that gRPC's headers stay in one file. Each is one RPC with
// the given context; errors are as rpc::FromGrpc makes them. Thread-safe.
class Backends {
 public:
  template <typename T>
  using Answer = boost::asio::awaitable<absl::StatusOr<T>>;
  using Call = const base::CallContext&;

  explicit Backends(const Channels& channels);
  ~Backends();

  Answer<generation::v1::Generation> CreateGeneration(Call call,
                                                      generation::v1::CreateGenerationRequest r);
  Answer<generation::v1::Generation> GetGeneration(Call call, const std::string& id);
  Answer<generation::v1::ListGenerationsResponse> ListGenerations(
      Call call, generation::v1::ListGenerationsRequest r);
  Answer<generation::v1::Generation> CancelGeneration(Call call, const std::string& id);
  Answer<google::protobuf::Empty> DeleteGeneration(Call call, const std::string& id);

  Answer<generation::v1::ListProvidersResponse> ListProviders(Call call);
  Answer<generation::v1::EstimateCostResponse> EstimateCost(Call call,
                                                            generation::v1::EstimateCostRequest r);

  Answer<vault::v1::AuthenticateAccessKeyResponse> AuthenticateAccessKey(Call call,
                                                                         const std::string& key);
  Answer<vault::v1::ProviderKey> CreateProviderKey(Call call,
                                                   vault::v1::CreateProviderKeyRequest r);
  Answer<vault::v1::ProviderKey> GetProviderKey(Call call, std::int64_t id);
  Answer<vault::v1::ListProviderKeysResponse> ListProviderKeys(
      Call call, vault::v1::ListProviderKeysRequest r);
  Answer<vault::v1::ProviderKey> SetProviderKeyStatus(Call call, std::int64_t id,
                                                      vault::v1::ProviderKeyStatus status);
  Answer<google::protobuf::Empty> DeleteProviderKey(Call call, std::int64_t id);

  Answer<worker::v1::ValidateProviderKeyResponse> ValidateProviderKey(
      Call call, worker::v1::ValidateProviderKeyRequest r);

  Answer<media::v1::Asset> GetAsset(Call call, const std::string& id);

  // Bytes of an asset, as http::StreamBody::next. The call begins with the first piece.
  using Pieces = std::function<boost::asio::awaitable<std::optional<std::string>>()>;
  Pieces ReadAsset(Call call, const std::string& id, std::uint64_t offset, std::uint64_t length);

 private:
  struct Stubs;
  std::shared_ptr<const Stubs> stubs_;  // shared with the Pieces
};

}  // namespace mediarouter::gateway
