#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mediarouter::http {

// The first member name that one object of well-formed JSON has twice. Boost.JSON keeps the last
// silently, other readers the first: what one checks, another would not act on.
std::optional<std::string> FindDuplicateMember(std::string_view json);

}  // namespace mediarouter::http
