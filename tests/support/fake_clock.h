#pragma once

#include <atomic>

#include "base/clock.h"

namespace mediarouter::testing {

// A clock that stands still until it is moved. Thread-safe.
class FakeClock final : public base::Clock {
 public:
  SystemTime Now() const override {
    return SystemTime(std::chrono::seconds(1'800'000'000)) + std::chrono::milliseconds(elapsed_);
  }
  SteadyTime Steady() const override { return SteadyTime(std::chrono::milliseconds(elapsed_)); }

  void Advance(std::chrono::milliseconds by) { elapsed_ += by.count(); }

 private:
  std::atomic<std::int64_t> elapsed_{0};
};

}  // namespace mediarouter::testing
