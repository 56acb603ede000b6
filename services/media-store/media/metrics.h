#pragma once

#include <cstdint>

namespace mediarouter::media {

// One video came in whole: its bytes, and how long it took.
void CountIngested(std::int64_t bytes, double seconds);

// What may still be written before ingests are refused.
void SetFreeBytes(std::int64_t bytes);

// What the sweep removed, by kind: "unfinished", "row", "orphan".
void CountSwept(const char* kind, int amount);

}  // namespace mediarouter::media
