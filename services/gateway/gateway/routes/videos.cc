#include "gateway/routes/videos.h"

#include <fmt/format.h>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "gateway/request_body.h"
#include "http/file.h"

namespace mediarouter::gateway {
namespace {

constexpr std::string_view kSuffix = ".mp4";
// The bytes of a generation never change, but it may be deleted.
constexpr char kCacheControl[] = "private, max-age=3600";
constexpr std::size_t kMaxAssets = 10'000;
// A large video to a slow client takes longer than any request; the server cuts those that stall.
constexpr std::chrono::hours kStreamTime{6};

absl::Status NoVideo() {
  return base::NotFound("video_not_found", "there is no video of this name");
}

// A relative path that stays below its root.
bool IsSafe(const std::string& volume_path) {
  if (volume_path.empty() || volume_path.front() == '/') return false;
  for (const std::string& part : base::Split(volume_path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

}  // namespace

VideoRoutes::VideoRoutes(Backends& backends, Authenticator& authenticator, const SignedLinks& links,
                         std::string storage_path)
    : backends_(backends),
      authenticator_(authenticator),
      links_(links),
      storage_path_(std::move(storage_path)) {}

void VideoRoutes::AddTo(Front& front) {
  // Open as far as the front is concerned: Admit() knows both keys.
  front.Add("GET", "/videos/{file}", Access::kOpen, [this](http::Request& r) { return Get(r); });
}

boost::asio::awaitable<absl::Status> VideoRoutes::Admit(http::Request& request,
                                                        const std::string& id) {
  const auto expires = request.Query("expires");
  const auto signature = request.Query("signature");
  if (Authenticator::HasCredentials(request) || (!expires && !signature)) {
    const absl::Status status = co_await authenticator_.Authenticate(request);
    co_return status;
  }
  MR_CO_RETURN_IF_ERROR(links_.Check(id, expires.value_or(""), signature.value_or("")));
  request.context.principal = {};
  request.context.principal.role = base::Role::kGateway;
  co_return absl::OkStatus();
}

// What is stored never changes, and goes only after its generation is hidden: whoever was just
// shown the generation may be answered from memory.
boost::asio::awaitable<absl::StatusOr<media::v1::Asset>> VideoRoutes::AssetOf(
    const base::CallContext& call, const std::string& asset_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = assets_.find(asset_id);
    if (found != assets_.end()) co_return found->second;
  }
  auto asset = co_await backends_.GetAsset(call, asset_id);
  if (asset.ok()) {
    const std::lock_guard lock(mutex_);
    if (assets_.size() >= kMaxAssets) assets_.clear();
    assets_[asset_id] = *asset;
  }
  co_return asset;
}

bool VideoRoutes::SetFileBody(const media::v1::Asset& asset, std::uint64_t offset,
                              std::uint64_t length, http::Response& response) const {
  if (storage_path_.empty() || !IsSafe(asset.volume_path())) return false;
  const auto file = http::OpenFile(storage_path_ + "/" + asset.volume_path());
  if (!file.ok() || file->size != static_cast<std::uint64_t>(asset.size_bytes())) return false;
  response.body = http::FileBody{file->fd, offset, length};
  return true;
}

boost::asio::awaitable<absl::StatusOr<http::Response>> VideoRoutes::Get(http::Request& request) {
  const std::string& file = request.params.at("file");
  const std::string id =
      file.ends_with(kSuffix) ? file.substr(0, file.size() - kSuffix.size()) : "";
  const absl::Status admitted = co_await Admit(request, id);
  if (!admitted.ok()) co_return admitted;
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {"expires", "signature", "download"}));
  if (!base::IsId("gen_", id)) co_return NoVideo();

  const auto generation = co_await backends_.GetGeneration(request.context, id);
  if (!generation.ok()) {
    const bool absent = generation.status().code() == absl::StatusCode::kNotFound;
    co_return absent ? NoVideo() : generation.status();
  }
  if (generation->state() != generation::v1::GENERATION_STATE_COMPLETED ||
      !generation->has_video()) {
    co_return base::NotFound("video_not_ready", "this generation has no video (yet)");
  }
  const auto asset = co_await AssetOf(request.context, generation->video().asset_id());
  if (!asset.ok()) {
    const bool absent = asset.status().code() == absl::StatusCode::kNotFound;
    co_return absent ? NoVideo() : asset.status();
  }

  http::Selection selection = http::Select(
      request,
      {static_cast<std::uint64_t>(asset->size_bytes()), "\"" + asset->sha256() + "\"",
       asset->content_type().empty() ? "video/mp4" : asset->content_type(), kCacheControl});
  http::Response& response = selection.response;
  if (!selection.has_body) co_return std::move(response);
  response.headers.Set("content-disposition",
                       fmt::format("{}; filename=\"{}\"",
                                   request.Query("download") ? "attachment" : "inline", file));
  const auto [offset, length] = selection.range;
  if (!SetFileBody(*asset, offset, length, response)) {
    base::CallContext call = request.context;
    call.deadline = base::CallContext::Clock::now() + kStreamTime;
    response.body =
        http::StreamBody{backends_.ReadAsset(call, asset->id(), offset, length), length};
  }
  co_return std::move(response);
}

}  // namespace mediarouter::gateway
