#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sim/timeline.h"

namespace mediarouter::sim {

// An accepted, and therefore paid, generation. Never changes after it was accepted.
struct Job {
  std::string id;
  std::string account;   // who may see it (AccountOf a key)
  std::string protocol;  // "openai"
  std::string model;
  std::string prompt;
  std::string seconds;          // as the protocol writes it
  std::string size;             // "1280x720"
  std::int64_t created_ms = 0;  // Unix time
  Script script;

  View At(std::int64_t now_ms) const {
    return ViewAt(std::chrono::milliseconds(now_ms - created_ms), script);
  }
};

}  // namespace mediarouter::sim
