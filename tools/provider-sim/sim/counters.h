#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "sim/faults.h"

namespace mediarouter::sim {

// Requests that came in, whatever became of them. Thread-safe.
class Counters {
 public:
  void Count(Op op) { ++counts_[static_cast<std::size_t>(op)]; }
  std::uint64_t Get(Op op) const { return counts_[static_cast<std::size_t>(op)]; }
  void Reset() {
    for (auto& count : counts_) count = 0;
  }

 private:
  std::array<std::atomic<std::uint64_t>, 6> counts_{};
};

}  // namespace mediarouter::sim
