#pragma once

#include "http/router.h"
#include "sim/simulator.h"

namespace mediarouter::sim::openai {

// Adds OpenAI's Videos API below /v1. `simulator` outlives the router.
void AddRoutes(http::Router& router, Simulator& simulator);

}  // namespace mediarouter::sim::openai
