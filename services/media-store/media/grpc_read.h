#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "media/asset_service.h"
#include "mediarouter/media/v1/media_service.pb.h"
#include "rpc/dispatcher.h"

namespace mediarouter::media {

// Serves one call of ReadAsset and deletes itself at its end. The next chunk is read, on the pool,
// when the last one has left.
grpc::ServerWriteReactor<v1::ReadAssetResponse>* MakeReadReactor(
    AssetService& service, rpc::Dispatcher& dispatcher, grpc::CallbackServerContext* context,
    const v1::ReadAssetRequest* request);

}  // namespace mediarouter::media
