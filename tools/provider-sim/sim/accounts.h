#pragma once

#include <set>
#include <string>
#include <string_view>

namespace mediarouter::sim {

enum class KeyVerdict { kValid, kNoCredit, kInvalid };

// A key is invalid when it begins with "invalid", or is not one of `allowed` unless that is empty.
// A valid key that begins with "nocredit" may do all but create.
KeyVerdict CheckKey(std::string_view key, const std::set<std::string, std::less<>>& allowed);

// Keys that are equal up to their first dot ("acme.1", "acme.2") belong to one account and see the
// same jobs, as keys of one project do at a real provider.
std::string AccountOf(std::string_view key);

}  // namespace mediarouter::sim
