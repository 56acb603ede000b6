#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace mediarouter::base {

// A new identifier: prefix + 26 characters of Crockford's base32 in lower case (48 bits of
// milliseconds, 80 random bits, the layout of ULID), so that ids sort by the time they were made.
// NewId("gen_") -> "gen_01j8z3k4m5n6p7q8r9s0t1v2w3". Thread-safe.
std::string NewId(std::string_view prefix, const Clock& clock = SystemClock());

// Whether `id` has the shape that NewId(prefix) gives.
bool IsId(std::string_view prefix, std::string_view id);

// `count` bytes from the system's cryptographic generator.
std::string RandomBytes(std::size_t count);

}  // namespace mediarouter::base
