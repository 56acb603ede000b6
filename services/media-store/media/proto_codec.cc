#include "media/proto_codec.h"

#include <chrono>

namespace mediarouter::media {
namespace {

v1::AssetState ToProto(AssetState state) {
  switch (state) {
    case AssetState::kIngesting:
      return v1::ASSET_STATE_INGESTING;
    case AssetState::kReady:
      return v1::ASSET_STATE_READY;
    case AssetState::kDeleted:
      return v1::ASSET_STATE_DELETED;
  }
  return v1::ASSET_STATE_UNSPECIFIED;
}

}  // namespace

v1::Asset ToProto(const Asset& asset) {
  v1::Asset proto;
  proto.set_id(asset.id);
  proto.set_state(ToProto(asset.state));
  proto.set_size_bytes(asset.size_bytes);
  proto.set_sha256(asset.sha256);
  proto.set_content_type(asset.content_type);
  proto.set_duration_ms(asset.duration_ms);
  proto.set_width(asset.width);
  proto.set_height(asset.height);
  proto.set_volume_path(asset.volume_path);
  const auto created = asset.created_at.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(created);
  proto.mutable_create_time()->set_seconds(seconds.count());
  proto.mutable_create_time()->set_nanos(static_cast<int>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(created - seconds).count()));
  return proto;
}

}  // namespace mediarouter::media
