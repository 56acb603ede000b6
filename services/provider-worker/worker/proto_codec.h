#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>

#include "mediarouter/generation/v1/work_service.pb.h"
#include "mediarouter/media/v1/asset.pb.h"
#include "mediarouter/worker/v1/provider_service.pb.h"
#include "providers/provider.h"

// Between messages and the domain's types. Pure functions.
namespace mediarouter::worker {

void Encode(std::chrono::milliseconds duration, google::protobuf::Duration* out);
std::chrono::milliseconds Decode(const google::protobuf::Duration& duration);
std::chrono::system_clock::time_point Decode(const google::protobuf::Timestamp& time);

void Encode(const providers::Fault& fault, generation::v1::Fault* out);
void Encode(const media::v1::Asset& asset, generation::v1::Video* out);
v1::KeyVerdict Encode(providers::KeyCheck::Verdict verdict);
providers::VideoRequest ToVideoRequest(const generation::v1::WorkItem& item,
                                       const generation::v1::SubmitAttempt& attempt);

}  // namespace mediarouter::worker
