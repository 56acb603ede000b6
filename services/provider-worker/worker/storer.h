#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "httpc/http_client.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "worker/config.h"
#include "worker/key_cache.h"
#include "worker/orchestrator.h"
#include "worker/turns.h"

namespace mediarouter::worker {

// Copies the video of a finished job from its provider to media-store, chunk by chunk, and
// completes the generation. Used on the worker's thread only.
class Storer {
 public:
  Storer(const boost::asio::any_io_executor& executor, const RunnerConfig& config,
         httpc::HttpClient& client, KeyCache& keys, Orchestrator& orchestrator,
         const std::shared_ptr<grpc::Channel>& media)
      : config_(config),
        client_(client),
        keys_(keys),
        orchestrator_(orchestrator),
        media_(media::v1::MediaService::NewStub(media)),
        turns_(executor, config.store_concurrency) {}

  // Until the generation has ended or the job is over for this worker.
  awaitable<void> Store(Job& job);

  // Jobs that wait for their turn give up.
  void Close() { turns_.Close(); }

 private:
  awaitable<absl::StatusOr<media::v1::Asset>> StoreOnce(Job& job);
  awaitable<absl::StatusOr<std::unique_ptr<httpc::HttpDownload>>> Open(Job& job);
  awaitable<absl::StatusOr<media::v1::Asset>> Ingest(Job& job, httpc::HttpDownload& download);
  // False when the asset has to be ingested again.
  awaitable<bool> Complete(Job& job, const media::v1::Asset& asset);
  awaitable<void> Fail(Job& job);

  const RunnerConfig& config_;
  httpc::HttpClient& client_;
  KeyCache& keys_;
  Orchestrator& orchestrator_;
  std::unique_ptr<media::v1::MediaService::Stub> media_;
  Turns turns_;
};

}  // namespace mediarouter::worker
