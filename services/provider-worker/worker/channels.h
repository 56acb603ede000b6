#pragma once

#include <grpcpp/channel.h>

#include <memory>

namespace mediarouter::worker {

// The services that provider-worker calls.
struct Channels {
  std::shared_ptr<grpc::Channel> orchestrator;
  std::shared_ptr<grpc::Channel> vault;
  std::shared_ptr<grpc::Channel> media;
};

}  // namespace mediarouter::worker
