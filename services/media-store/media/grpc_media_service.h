#pragma once

#include "media/asset_service.h"
#include "media/grpc_ingest.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "rpc/dispatcher.h"

namespace mediarouter::media {

// mediarouter.media.v1.MediaService over the domain. Thread-safe.
class GrpcMediaService final : public v1::MediaService::CallbackService {
 public:
  // `dispatcher` serves all but ingests.
  GrpcMediaService(AssetService& service, rpc::Dispatcher& dispatcher, const IngestParts& ingest)
      : service_(service), dispatcher_(dispatcher), ingest_(ingest) {}

  grpc::ServerReadReactor<v1::IngestAssetRequest>* IngestAsset(grpc::CallbackServerContext* context,
                                                               v1::Asset* response) override;
  grpc::ServerUnaryReactor* GetAsset(grpc::CallbackServerContext* context,
                                     const v1::GetAssetRequest* request,
                                     v1::Asset* response) override;
  grpc::ServerWriteReactor<v1::ReadAssetResponse>* ReadAsset(
      grpc::CallbackServerContext* context, const v1::ReadAssetRequest* request) override;
  grpc::ServerUnaryReactor* DeleteAsset(grpc::CallbackServerContext* context,
                                        const v1::DeleteAssetRequest* request,
                                        google::protobuf::Empty* response) override;

 private:
  AssetService& service_;
  rpc::Dispatcher& dispatcher_;
  const IngestParts ingest_;
};

}  // namespace mediarouter::media
