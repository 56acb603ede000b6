#pragma once

#include <string>
#include <string_view>

// W3C Trace Context, https://www.w3.org/TR/trace-context/ . Pure functions.
namespace mediarouter::obs {

// Version 00, hex of the right lengths, ids not all zero.
bool IsTraceparent(std::string_view header);

// The same trace with a new parent id, or a new trace when `header` is none.
std::string ChildTraceparent(std::string_view header);

}  // namespace mediarouter::obs
