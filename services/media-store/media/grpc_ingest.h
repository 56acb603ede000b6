#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>

#include "media/asset_service.h"
#include "media/idle_watch.h"
#include "mediarouter/media/v1/media_service.pb.h"
#include "rpc/dispatcher.h"

namespace mediarouter::media {

// At most so many at once. Thread-safe.
class Slots {
 public:
  explicit Slots(int limit) : free_(limit) {}
  bool TryTake() {
    if (free_.fetch_sub(1) > 0) return true;
    ++free_;
    return false;
  }
  void GiveBack() { ++free_; }

 private:
  std::atomic<int> free_;
};

// What all ingests of the server share.
struct IngestParts {
  AssetService& service;
  rpc::Dispatcher& dispatcher;  // over a pool with a thread for each slot
  IdleWatch& idle;
  Slots& slots;
};

// Serves one call of IngestAsset and deletes itself at its end. One message is asked for at a time,
// so a fast sender waits instead of filling the memory; files and the database are touched on the
// pool only.
grpc::ServerReadReactor<v1::IngestAssetRequest>* MakeIngestReactor(
    const IngestParts& parts, grpc::CallbackServerContext* context, v1::Asset* response);

}  // namespace mediarouter::media
