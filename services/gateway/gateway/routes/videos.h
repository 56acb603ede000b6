#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "gateway/auth.h"
#include "gateway/backends.h"
#include "gateway/front.h"
#include "gateway/signed_link.h"

namespace mediarouter::gateway {

// GET and HEAD /videos/{id}.mp4, opened by a signed link or an access key. Bytes go from the shared
// volume by sendfile, or through media-store where this machine has no such file. Thread-safe.
class VideoRoutes {
 public:
  VideoRoutes(Backends& backends, Authenticator& authenticator, const SignedLinks& links,
              std::string storage_path);
  void AddTo(Front& front);

 private:
  boost::asio::awaitable<absl::StatusOr<http::Response>> Get(http::Request& request);
  boost::asio::awaitable<absl::Status> Admit(http::Request& request, const std::string& id);
  boost::asio::awaitable<absl::StatusOr<media::v1::Asset>> AssetOf(const base::CallContext& call,
                                                                   const std::string& asset_id);
  bool SetFileBody(const media::v1::Asset& asset, std::uint64_t offset, std::uint64_t length,
                   http::Response& response) const;

  Backends& backends_;
  Authenticator& authenticator_;
  const SignedLinks& links_;
  std::string storage_path_;
  std::mutex mutex_;
  std::unordered_map<std::string, media::v1::Asset> assets_;  // by id
};

}  // namespace mediarouter::gateway
