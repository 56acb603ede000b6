#pragma once

#include "gateway/backends.h"
#include "gateway/front.h"
#include "gateway/signed_link.h"

namespace mediarouter::gateway {

// /v1/video/generations: create, read, list, cancel, delete. Thread-safe.
class GenerationRoutes {
 public:
  GenerationRoutes(Backends& backends, const SignedLinks& links);
  void AddTo(Front& front);

 private:
  using Result = boost::asio::awaitable<absl::StatusOr<http::Response>>;
  Result Create(http::Request& request);
  Result Get(http::Request& request);
  Result List(http::Request& request);
  Result Cancel(http::Request& request);
  Result Delete(http::Request& request);

  http::Response Answer(const generation::v1::Generation& generation) const;

  Backends& backends_;
  const SignedLinks& links_;
};

}  // namespace mediarouter::gateway
