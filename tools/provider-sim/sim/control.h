#pragma once

#include "http/router.h"
#include "sim/simulator.h"

namespace mediarouter::sim {

// Adds the routes below /__sim that tests steer the simulator by. They need no key and answer only
// clients on this machine. `simulator` outlives the router.
void AddControlRoutes(http::Router& router, Simulator& simulator);

}  // namespace mediarouter::sim
