#include "worker/proto_codec.h"

namespace mediarouter::worker {

using std::chrono::milliseconds;

void Encode(milliseconds duration, google::protobuf::Duration* out) {
  out->set_seconds(duration.count() / 1000);
  out->set_nanos(static_cast<int>(duration.count() % 1000) * 1'000'000);
}

milliseconds Decode(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + milliseconds(duration.nanos() / 1'000'000);
}

std::chrono::system_clock::time_point Decode(const google::protobuf::Timestamp& time) {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::seconds(time.seconds()) + std::chrono::nanoseconds(time.nanos())));
}

void Encode(const providers::Fault& fault, generation::v1::Fault* out) {
  out->set_kind(static_cast<generation::v1::FaultKind>(fault.kind));
  out->set_message(fault.message);
  if (fault.retry_after) Encode(*fault.retry_after, out->mutable_retry_after());
}

void Encode(const media::v1::Asset& asset, generation::v1::Video* out) {
  out->set_asset_id(asset.id());
  out->set_duration_ms(asset.duration_ms());
  out->set_width(asset.width());
  out->set_height(asset.height());
  out->set_size_bytes(asset.size_bytes());
}

v1::KeyVerdict Encode(providers::KeyCheck::Verdict verdict) {
  using Verdict = providers::KeyCheck::Verdict;
  switch (verdict) {
    case Verdict::kValid:
      return v1::KEY_VERDICT_VALID;
    case Verdict::kInvalid:
      return v1::KEY_VERDICT_INVALID;
    case Verdict::kQuotaExceeded:
      return v1::KEY_VERDICT_QUOTA_EXCEEDED;
    case Verdict::kUnreachable:
      break;
  }
  return v1::KEY_VERDICT_UNREACHABLE;
}

providers::VideoRequest ToVideoRequest(const generation::v1::WorkItem& item,
                                       const generation::v1::SubmitAttempt& attempt) {
  providers::VideoRequest video;
  video.prompt = item.generation().prompt();
  video.model = item.upstream_model();
  video.seconds = item.upstream_seconds();
  video.size = item.upstream_size();
  video.external_id = attempt.external_id();
  return video;
}

}  // namespace mediarouter::worker
