#pragma once

#include <chrono>
#include <string>

#include "generation/work.h"

// The decisions of the job protocol as pure functions: what a refusal or a failure means for a
// generation. No clock, no database; each rule has its unit test.
namespace mediarouter::generation {

// What follows from a send that surely paid nothing.
struct Refusal {
  bool ends = false;                   // the generation fails, with `code`
  std::string code;                    // error_code, also while it goes back into the queue
  std::chrono::milliseconds delay{0};  // before the next attempt
  bool key_invalid = false;            // the provider key was refused
  bool key_exhausted = false;          // the provider key has no credit
};

// `attempt` counts from 1; `waited` is the generation's age; past `patience` it stops trying.
Refusal JudgeRefusal(const Fault& fault, int attempt, std::chrono::milliseconds waited,
                     std::chrono::milliseconds patience);

// error_code of a job that the provider ended without a video.
std::string FailureCode(FaultKind kind);

}  // namespace mediarouter::generation
