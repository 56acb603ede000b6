#pragma once

#include "media/asset.h"
#include "mediarouter/media/v1/asset.pb.h"

namespace mediarouter::media {

v1::Asset ToProto(const Asset& asset);

}  // namespace mediarouter::media
