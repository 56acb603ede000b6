#pragma once

#include <absl/status/statusor.h>

#include "base/call_context.h"
#include "mediarouter/common/v1/principal.pb.h"
#include "mediarouter/vault/v1/provider_key.pb.h"
#include "vault/provider_key.h"

// Between the domain's types and the wire's.
namespace mediarouter::vault {

v1::ProviderKey ToProto(const ProviderKey& key);
common::v1::Principal ToProto(const base::Principal& principal);

// InvalidArgument (`invalid_status`) for a value that is none.
absl::StatusOr<ProviderKeyStatus> FromProto(v1::ProviderKeyStatus status);

}  // namespace mediarouter::vault
