#pragma once

#include <optional>
#include <string_view>

#include "sim/faults.h"

namespace mediarouter::sim {

std::string_view Name(Op op);
std::string_view Name(FaultKind kind);
std::optional<Op> ParseOp(std::string_view name);
std::optional<FaultKind> ParseFaultKind(std::string_view name);

// The one operation that a kind is for; nullopt when it is for any.
std::optional<Op> OnlyOp(FaultKind kind);

}  // namespace mediarouter::sim
