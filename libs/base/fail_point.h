#pragma once

// Named places at which a test lets a process die as `kill -9` would: no destructor, no flush.
// Compiled in with MEDIAROUTER_FAIL_POINTS only (presets dev and asan). The environment chooses:
//   MEDIAROUTER_FAIL_POINT=worker.sent     dies there the first time
//   MEDIAROUTER_FAIL_POINT=worker.sent:3   dies there the third time
namespace mediarouter::base {

void PassFailPoint(const char* name);

}  // namespace mediarouter::base

#ifdef MEDIAROUTER_FAIL_POINTS
#define MR_FAIL_POINT(name) ::mediarouter::base::PassFailPoint(name)
#else
#define MR_FAIL_POINT(name) static_cast<void>(0)
#endif
