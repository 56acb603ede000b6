#pragma once

#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/shutdown.h"
#include "generation/work_signal.h"

namespace mediarouter::pg {
class Pool;
}

namespace mediarouter::generation {

// Puts generations whose worker died back into the queue. A lease counts as dead only after this
// process itself has seen it, lapsed and unchanged, for a full term of looks that all succeeded:
// after an outage of the database every lease looks lapsed, and their workers must get the time to
// renew. Several rescuers do no harm.
class Rescuer {
 public:
  Rescuer(pg::Pool& pool, WorkSignal& signal, std::chrono::milliseconds lease_term,
          const base::Clock& clock)
      : pool_(pool), signal_(signal), term_(lease_term), clock_(clock) {}
  ~Rescuer() { Stop(); }

  void Start();  // a thread that looks every third of a term
  void Stop();

  // One look. Returns how many were put back.
  int Look();

  // At the start of a process that owns the database alone: whoever held a lease is dead.
  int RescueAll();

 private:
  struct Sighting {
    std::string token_and_expiry;
    base::Clock::SteadyTime since;
  };

  pg::Pool& pool_;
  WorkSignal& signal_;
  const std::chrono::milliseconds term_;
  const base::Clock& clock_;
  std::map<std::string, Sighting> lapsed_;
  base::Shutdown stop_;
  std::thread thread_;
};

}  // namespace mediarouter::generation
