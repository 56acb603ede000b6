#include "vault/proto_codec.h"

#include <chrono>

#include "base/status.h"

namespace mediarouter::vault {
namespace {

v1::ProviderKeyStatus ToProto(ProviderKeyStatus status) {
  switch (status) {
    case ProviderKeyStatus::kActive:
      return v1::PROVIDER_KEY_STATUS_ACTIVE;
    case ProviderKeyStatus::kInvalid:
      return v1::PROVIDER_KEY_STATUS_INVALID;
    case ProviderKeyStatus::kQuotaExceeded:
      return v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED;
    case ProviderKeyStatus::kRevoked:
      return v1::PROVIDER_KEY_STATUS_REVOKED;
  }
  return v1::PROVIDER_KEY_STATUS_UNSPECIFIED;
}

void SetTime(ProviderKey::Time time, google::protobuf::Timestamp* out) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  out->set_seconds(seconds.count());
  out->set_nanos(static_cast<int>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count()));
}

}  // namespace

v1::ProviderKey ToProto(const ProviderKey& key) {
  v1::ProviderKey out;
  out.set_id(key.id);
  out.set_provider(key.provider);
  out.set_name(key.name);
  out.set_status(ToProto(key.status));
  out.set_preview(key.preview);
  SetTime(key.created_at, out.mutable_create_time());
  if (key.validated_at) SetTime(*key.validated_at, out.mutable_validate_time());
  return out;
}

common::v1::Principal ToProto(const base::Principal& principal) {
  common::v1::Principal out;
  out.set_project_id(principal.project_id);
  out.set_access_key_id(principal.access_key_id);
  out.set_role(static_cast<common::v1::Role>(principal.role));
  return out;
}

absl::StatusOr<ProviderKeyStatus> FromProto(v1::ProviderKeyStatus status) {
  switch (status) {
    case v1::PROVIDER_KEY_STATUS_ACTIVE:
      return ProviderKeyStatus::kActive;
    case v1::PROVIDER_KEY_STATUS_INVALID:
      return ProviderKeyStatus::kInvalid;
    case v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED:
      return ProviderKeyStatus::kQuotaExceeded;
    case v1::PROVIDER_KEY_STATUS_REVOKED:
      return ProviderKeyStatus::kRevoked;
    default:
      return base::WithParam(base::InvalidArgument("invalid_status", "status is required"),
                             "status");
  }
}

}  // namespace mediarouter::vault
