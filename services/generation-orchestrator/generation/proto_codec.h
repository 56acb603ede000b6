#pragma once

#include "catalog/catalog.h"
#include "generation/generation.h"
#include "generation/work.h"
#include "mediarouter/generation/v1/catalog_service.pb.h"
#include "mediarouter/generation/v1/generation.pb.h"
#include "mediarouter/generation/v1/work_service.pb.h"

// The one translation between the domain's structs and the protos.
namespace mediarouter::generation {

namespace pb = mediarouter::generation::v1;

void Encode(const Generation& generation, pb::Generation* out);
void Encode(const SubmitAttempt& attempt, pb::SubmitAttempt* out);
void Encode(const WorkItem& item, pb::WorkItem* out);
void Encode(const Directive& directive, pb::WorkDirective* out);
void Encode(const catalog::Provider& provider, pb::Provider* out);

catalog::Wish DecodeWish(const pb::Generation& generation);
Lease Decode(const pb::Lease& lease);
Fault Decode(const pb::Fault& fault);
Video Decode(const pb::Video& video);

std::chrono::milliseconds Decode(const google::protobuf::Duration& duration);
void Encode(std::chrono::milliseconds duration, google::protobuf::Duration* out);
Time Decode(const google::protobuf::Timestamp& time);
void Encode(Time time, google::protobuf::Timestamp* out);

}  // namespace mediarouter::generation
