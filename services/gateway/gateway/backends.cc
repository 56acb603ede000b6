#include "gateway/backends.h"

#include <grpcpp/channel.h>

#include <utility>

#include "base/status.h"
#include "mediarouter/generation/v1/catalog_service.grpc.pb.h"
#include "mediarouter/generation/v1/generation_service.grpc.pb.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "mediarouter/vault/v1/access_key_service.grpc.pb.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "mediarouter/worker/v1/provider_service.grpc.pb.h"
#include "obs/log.h"
#include "rpc/awaitable_call.h"
#include "rpc/awaitable_stream.h"

namespace mediarouter::gateway {

using generation::v1::CatalogService;
using generation::v1::GenerationService;
using google::protobuf::Empty;
using media::v1::MediaService;
using vault::v1::AccessKeyService;
using vault::v1::ProviderKeyService;
using worker::v1::ProviderService;

using CatalogAsync = CatalogService::StubInterface::async_interface;
using GenerationAsync = GenerationService::StubInterface::async_interface;
using MediaAsync = MediaService::StubInterface::async_interface;
using AccessKeyAsync = AccessKeyService::StubInterface::async_interface;
using ProviderKeyAsync = ProviderKeyService::StubInterface::async_interface;
using ProviderAsync = ProviderService::StubInterface::async_interface;

struct Backends::Stubs {
  explicit Stubs(const Channels& channels)
      : generations(GenerationService::NewStub(channels.orchestrator)),
        catalog(CatalogService::NewStub(channels.orchestrator)),
        access_keys(AccessKeyService::NewStub(channels.vault)),
        provider_keys(ProviderKeyService::NewStub(channels.vault)),
        providers(ProviderService::NewStub(channels.worker)),
        media(MediaService::NewStub(channels.media)) {}

  std::unique_ptr<GenerationService::StubInterface> generations;
  std::unique_ptr<CatalogService::StubInterface> catalog;
  std::unique_ptr<AccessKeyService::StubInterface> access_keys;
  std::unique_ptr<ProviderKeyService::StubInterface> provider_keys;
  std::unique_ptr<ProviderService::StubInterface> providers;
  std::unique_ptr<MediaService::StubInterface> media;
};

namespace {

template <typename Request, typename Id>
Request WithId(Id id) {
  Request request;
  request.set_id(std::move(id));
  return request;
}

}  // namespace

Backends::Backends(const Channels& channels) : stubs_(std::make_shared<const Stubs>(channels)) {}

Backends::~Backends() = default;

Backends::Answer<generation::v1::Generation> Backends::CreateGeneration(
    Call call, generation::v1::CreateGenerationRequest r) {
  return rpc::Call<generation::v1::Generation>(
      stubs_->generations->async(), &GenerationAsync::CreateGeneration, call, std::move(r));
}

Backends::Answer<generation::v1::Generation> Backends::GetGeneration(Call call,
                                                                     const std::string& id) {
  return rpc::Call<generation::v1::Generation>(stubs_->generations->async(),
                                               &GenerationAsync::GetGeneration, call,
                                               WithId<generation::v1::GetGenerationRequest>(id));
}

Backends::Answer<generation::v1::ListGenerationsResponse> Backends::ListGenerations(
    Call call, generation::v1::ListGenerationsRequest r) {
  return rpc::Call<generation::v1::ListGenerationsResponse>(
      stubs_->generations->async(), &GenerationAsync::ListGenerations, call, std::move(r));
}

Backends::Answer<generation::v1::Generation> Backends::CancelGeneration(Call call,
                                                                        const std::string& id) {
  return rpc::Call<generation::v1::Generation>(stubs_->generations->async(),
                                               &GenerationAsync::CancelGeneration, call,
                                               WithId<generation::v1::CancelGenerationRequest>(id));
}

Backends::Answer<Empty> Backends::DeleteGeneration(Call call, const std::string& id) {
  return rpc::Call<Empty>(stubs_->generations->async(), &GenerationAsync::DeleteGeneration, call,
                          WithId<generation::v1::DeleteGenerationRequest>(id));
}

Backends::Answer<generation::v1::ListProvidersResponse> Backends::ListProviders(Call call) {
  return rpc::Call<generation::v1::ListProvidersResponse>(stubs_->catalog->async(),
                                                          &CatalogAsync::ListProviders, call,
                                                          generation::v1::ListProvidersRequest());
}

Backends::Answer<generation::v1::EstimateCostResponse> Backends::EstimateCost(
    Call call, generation::v1::EstimateCostRequest r) {
  return rpc::Call<generation::v1::EstimateCostResponse>(
      stubs_->catalog->async(), &CatalogAsync::EstimateCost, call, std::move(r));
}

Backends::Answer<vault::v1::AuthenticateAccessKeyResponse> Backends::AuthenticateAccessKey(
    Call call, const std::string& key) {
  vault::v1::AuthenticateAccessKeyRequest r;
  r.set_access_key(key);
  return rpc::Call<vault::v1::AuthenticateAccessKeyResponse>(
      stubs_->access_keys->async(), &AccessKeyAsync::AuthenticateAccessKey, call, std::move(r));
}

Backends::Answer<vault::v1::ProviderKey> Backends::CreateProviderKey(
    Call call, vault::v1::CreateProviderKeyRequest r) {
  return rpc::Call<vault::v1::ProviderKey>(
      stubs_->provider_keys->async(), &ProviderKeyAsync::CreateProviderKey, call, std::move(r));
}

Backends::Answer<vault::v1::ProviderKey> Backends::GetProviderKey(Call call, std::int64_t id) {
  return rpc::Call<vault::v1::ProviderKey>(stubs_->provider_keys->async(),
                                           &ProviderKeyAsync::GetProviderKey, call,
                                           WithId<vault::v1::GetProviderKeyRequest>(id));
}

Backends::Answer<vault::v1::ListProviderKeysResponse> Backends::ListProviderKeys(
    Call call, vault::v1::ListProviderKeysRequest r) {
  return rpc::Call<vault::v1::ListProviderKeysResponse>(
      stubs_->provider_keys->async(), &ProviderKeyAsync::ListProviderKeys, call, std::move(r));
}

Backends::Answer<vault::v1::ProviderKey> Backends::SetProviderKeyStatus(
    Call call, std::int64_t id, vault::v1::ProviderKeyStatus status) {
  auto r = WithId<vault::v1::SetProviderKeyStatusRequest>(id);
  r.set_status(status);
  return rpc::Call<vault::v1::ProviderKey>(
      stubs_->provider_keys->async(), &ProviderKeyAsync::SetProviderKeyStatus, call, std::move(r));
}

Backends::Answer<Empty> Backends::DeleteProviderKey(Call call, std::int64_t id) {
  return rpc::Call<Empty>(stubs_->provider_keys->async(), &ProviderKeyAsync::DeleteProviderKey,
                          call, WithId<vault::v1::DeleteProviderKeyRequest>(id));
}

Backends::Answer<worker::v1::ValidateProviderKeyResponse> Backends::ValidateProviderKey(
    Call call, worker::v1::ValidateProviderKeyRequest r) {
  return rpc::Call<worker::v1::ValidateProviderKeyResponse>(
      stubs_->providers->async(), &ProviderAsync::ValidateProviderKey, call, std::move(r));
}

Backends::Answer<media::v1::Asset> Backends::GetAsset(Call call, const std::string& id) {
  return rpc::Call<media::v1::Asset>(stubs_->media->async(), &MediaAsync::GetAsset, call,
                                     WithId<media::v1::GetAssetRequest>(id));
}

namespace {

// One ReadAsset call under way.
struct AssetReader {
  media::v1::ReadAssetRequest request;
  base::CallContext call;
  std::shared_ptr<rpc::AwaitableReader<media::v1::ReadAssetResponse>> reader;
};

boost::asio::awaitable<std::optional<std::string>> NextPiece(MediaAsync* media,
                                                             std::shared_ptr<AssetReader> asset) {
  if (asset->reader == nullptr) {
    asset->reader =
        std::make_shared<rpc::AwaitableReader<media::v1::ReadAssetResponse>>(asset->call);
    asset->reader->Start(media, &MediaAsync::ReadAsset, asset->request);
  }
  std::optional<media::v1::ReadAssetResponse> message;
  do {
    message = co_await asset->reader->Read();
  } while (message && message->chunk().empty());
  if (message) co_return std::move(*message->mutable_chunk());
  const absl::Status status = co_await asset->reader->Status();
  if (status.ok()) co_return "";
  obs::Log(obs::Level::kWarn, asset->call, "a video broke off",
           {{"asset", asset->request.id()}, {"error", base::Describe(status)}});
  co_return std::nullopt;
}

}  // namespace

Backends::Pieces Backends::ReadAsset(Call call, const std::string& id, std::uint64_t offset,
                                     std::uint64_t length) {
  auto asset = std::make_shared<AssetReader>();
  asset->request.set_id(id);
  asset->request.set_offset(static_cast<std::int64_t>(offset));
  asset->request.set_length(static_cast<std::int64_t>(length));
  asset->call = call;
  return [stubs = stubs_, asset] { return NextPiece(stubs->media->async(), asset); };
}

}  // namespace mediarouter::gateway
