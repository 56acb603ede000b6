#pragma once

#include <grpcpp/server_context.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace mediarouter::media {

// Cancels calls whose peer keeps them waiting for too long, so that a dead writer does not hold its
// place for ever. Thread-safe.
class IdleWatch {
 public:
  explicit IdleWatch(std::chrono::milliseconds limit);
  ~IdleWatch();
  IdleWatch(const IdleWatch&) = delete;
  IdleWatch& operator=(const IdleWatch&) = delete;

  // The call waits for its peer from now on. Say so before the read starts.
  void Waiting(grpc::ServerContextBase& call);
  // The peer did something, or the call ends. After it the watch does not touch the call.
  void Busy(grpc::ServerContextBase& call);

 private:
  using Clock = std::chrono::steady_clock;
  void Watch();

  const std::chrono::milliseconds limit_;
  // Recursive: gRPC may run the reactions to a TryCancel inside it, and they call Busy. It is held
  // meanwhile so that the call cannot end under the TryCancel.
  std::recursive_mutex mutex_;
  std::condition_variable_any wake_;
  std::map<grpc::ServerContextBase*, Clock::time_point> deadlines_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mediarouter::media
