#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "httpc/message.h"
#include "providers/provider.h"

// The one translation of what providers answer into faults. Pure functions.
namespace mediarouter::providers {

// The fault that an HTTP answer other than 2xx stands for, by its status and, where the body is
// one of the usual JSON shapes, by its code.
Fault FaultOf(const httpc::HttpResponse& answer);

// The fault of a job that ended, by the code and message that its provider gives it.
Fault FaultOfJob(std::string_view code, std::string_view message);

// Whether the status of a create says for certain that no job was made.
bool IsDefiniteRefusal(int status);

// Retry-After (seconds, or a date set against the answer's own Date) or retry-after-ms.
std::optional<std::chrono::milliseconds> RetryAfterOf(const httpc::HttpResponse& answer);

// A provider's text made fit for clients: one line of at most 300 code points of clean UTF-8,
// without links and without what looks like a key.
std::string SafeMessage(std::string_view text);

}  // namespace mediarouter::providers
