#include "media/grpc_media_service.h"

#include "base/status_macros.h"
#include "media/grpc_read.h"
#include "media/proto_codec.h"

namespace mediarouter::media {

grpc::ServerReadReactor<v1::IngestAssetRequest>* GrpcMediaService::IngestAsset(
    grpc::CallbackServerContext* context, v1::Asset* response) {
  return MakeIngestReactor(ingest_, context, response);
}

grpc::ServerUnaryReactor* GrpcMediaService::GetAsset(grpc::CallbackServerContext* context,
                                                     const v1::GetAssetRequest* request,
                                                     v1::Asset* response) {
  return dispatcher_.Unary(context, "GetAsset", request, response,
                           [this](const base::CallContext& call,
                                  const v1::GetAssetRequest& get) -> absl::StatusOr<v1::Asset> {
                             MR_ASSIGN_OR_RETURN(const Asset asset, service_.Get(call, get.id()));
                             return ToProto(asset);
                           });
}

grpc::ServerWriteReactor<v1::ReadAssetResponse>* GrpcMediaService::ReadAsset(
    grpc::CallbackServerContext* context, const v1::ReadAssetRequest* request) {
  return MakeReadReactor(service_, dispatcher_, context, request);
}

grpc::ServerUnaryReactor* GrpcMediaService::DeleteAsset(grpc::CallbackServerContext* context,
                                                        const v1::DeleteAssetRequest* request,
                                                        google::protobuf::Empty* response) {
  return dispatcher_.Unary(
      context, "DeleteAsset", request, response,
      [this](const base::CallContext& call,
             const v1::DeleteAssetRequest& remove) -> absl::StatusOr<google::protobuf::Empty> {
        MR_RETURN_IF_ERROR(service_.Delete(call, remove.id()));
        return google::protobuf::Empty();
      });
}

}  // namespace mediarouter::media
