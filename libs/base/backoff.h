#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

namespace mediarouter::base {

// Exponential delays with full jitter: before try n (from 0) a random time in
// (0, min(cap, first * 2^n)], at least `first` / 2. Not thread-safe.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds cap)
      : first_(first), cap_(cap), random_(std::random_device{}()) {}

  std::chrono::milliseconds Next() {
    const double ceiling = std::min(static_cast<double>(cap_.count()),
                                    static_cast<double>(first_.count()) * std::exp2(tries_));
    if (tries_ < 32) ++tries_;
    const double floor = static_cast<double>(first_.count()) / 2;
    std::uniform_real_distribution<double> spread(std::min(floor, ceiling), ceiling);
    return std::chrono::milliseconds(static_cast<long>(spread(random_)));
  }

  void Reset() { tries_ = 0; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds cap_;
  int tries_ = 0;
  std::minstd_rand random_;
};

}  // namespace mediarouter::base
