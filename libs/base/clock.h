#pragma once

#include <chrono>

namespace mediarouter::base {

// The time, replaceable in tests (tests/support/fake_clock.h). Thread-safe.
class Clock {
 public:
  using SystemTime = std::chrono::system_clock::time_point;
  using SteadyTime = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  virtual SystemTime Now() const = 0;     // for what people and other machines read
  virtual SteadyTime Steady() const = 0;  // for durations
};

// The machine's clock; lives as long as the process.
const Clock& SystemClock();

}  // namespace mediarouter::base
