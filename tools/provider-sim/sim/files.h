#pragma once

#include "http/message.h"
#include "sim/job.h"
#include "sim/render/clip.h"

namespace mediarouter::sim {

// The clip as a download: whole or the range that `request` asks for.
http::Response ClipResponse(const http::Request& request, const Clip& clip);

// What the clip of a job shows.
ClipSpec SpecOf(const Job& job);

}  // namespace mediarouter::sim
