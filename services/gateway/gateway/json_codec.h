#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/timestamp.pb.h>

#include <boost/json/value.hpp>
#include <chrono>
#include <string>

#include "gateway/json_writer.h"
#include "gateway/signed_link.h"
#include "mediarouter/generation/v1/catalog_service.pb.h"
#include "mediarouter/generation/v1/generation.pb.h"
#include "mediarouter/vault/v1/provider_key.pb.h"

// Between the REST API's JSON and the protos.
namespace mediarouter::gateway {

// The body of a create or an estimate: checks types and bounds that hold for every model; what a
// model allows is the catalog's word. `prompt` is required for a create.
absl::StatusOr<generation::v1::Generation> ReadGeneration(const boost::json::value& body,
                                                          bool prompt_required);

void WriteGeneration(JsonWriter& out, const generation::v1::Generation& generation,
                     const SignedLinks& links);
void WriteProviderKey(JsonWriter& out, const vault::v1::ProviderKey& key);
void WriteEstimate(JsonWriter& out, const generation::v1::EstimateCostResponse& estimate);
// `key_status` is "" when the provider has no key.
void WriteProvider(JsonWriter& out, const generation::v1::Provider& provider,
                   const std::string& key_status);

const char* StateName(generation::v1::GenerationState state);
const char* StatusName(vault::v1::ProviderKeyStatus status);

google::protobuf::Timestamp ToTimestamp(std::chrono::system_clock::time_point time);

}  // namespace mediarouter::gateway
