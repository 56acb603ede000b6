#include "sim/accounts.h"

namespace mediarouter::sim {

KeyVerdict CheckKey(std::string_view key, const std::set<std::string, std::less<>>& allowed) {
  if (key.empty() || key.starts_with("invalid")) return KeyVerdict::kInvalid;
  if (!allowed.empty() && !allowed.contains(key)) return KeyVerdict::kInvalid;
  return key.starts_with("nocredit") ? KeyVerdict::kNoCredit : KeyVerdict::kValid;
}

std::string AccountOf(std::string_view key) { return std::string(key.substr(0, key.find('.'))); }

}  // namespace mediarouter::sim
