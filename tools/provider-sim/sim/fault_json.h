#pragma once

#include <absl/status/statusor.h>

#include <boost/json/value.hpp>
#include <chrono>
#include <optional>
#include <string_view>

#include "http/json.h"
#include "sim/faults.h"

namespace mediarouter::sim {

// The body of POST /__sim/faults (README.md). InvalidArgument names what is wrong, also for a
// parameter that the kind does not use and an operation that the kind never meets.
absl::StatusOr<Fault> FaultFromJson(const boost::json::value& value);

// For people: what it matches, what is left of it, how often it struck.
boost::json::object FaultToJson(const Fault& fault);

// A member that is a number of seconds, whole or not, from 0 to a week; nullopt when absent.
std::optional<std::chrono::milliseconds> ReadSeconds(http::JsonObject& read, std::string_view name);

// A member that is a whole number of milliseconds, from 0 to a week; nullopt when absent.
std::optional<std::chrono::milliseconds> ReadMilliseconds(http::JsonObject& read,
                                                          std::string_view name);

}  // namespace mediarouter::sim
