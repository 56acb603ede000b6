#include "base/environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/status.h"
#include "base/strings.h"

extern char** environ;

namespace mediarouter::base {

Environment ProcessEnvironment() {
  Environment env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto at = text.find('=');
    if (at != std::string_view::npos) env.emplace(text.substr(0, at), text.substr(at + 1));
  }
  return env;
}

bool ConfigReader::IsSet(const Setting& setting) const {
  const auto given = [this](const std::string& name) {
    const auto found = env_.find(name);
    return found != env_.end() && !found->second.empty();
  };
  return given(setting.name) || (setting.secret && given(std::string(setting.name) + "_FILE"));
}

std::string ConfigReader::Raw(const Setting& setting) {
  if (const auto found = env_.find(setting.name); found != env_.end() && !found->second.empty()) {
    return found->second;
  }
  if (setting.secret) {
    const auto path = env_.find(std::string(setting.name) + "_FILE");
    if (path != env_.end() && !path->second.empty()) {
      std::ifstream file(path->second, std::ios::binary);
      std::ostringstream text;
      if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
      if (!file.is_open() || file.bad()) {  // a folder opens, but does not read
        Fault(setting, fmt::format("cannot read the file {}", path->second));
        return {};
      }
      return std::string(Trim(text.str()));
    }
  }
  return setting.fallback;
}

std::string ConfigReader::Text(const Setting& setting) { return Raw(setting); }

SecretString ConfigReader::Secret(const Setting& setting) { return SecretString(Raw(setting)); }

std::int64_t ConfigReader::Int(const Setting& setting, std::int64_t min, std::int64_t max) {
  const std::string raw = Raw(setting);
  const auto value = ParseInt(raw);
  if (!value || *value < min || *value > max) {
    Fault(setting, fmt::format("'{}' is not a whole number from {} to {}", raw, min, max));
    return min;
  }
  return *value;
}

bool ConfigReader::Bool(const Setting& setting) {
  const std::string raw = ToLower(Raw(setting));
  for (const char* yes : {"true", "1", "yes", "on"}) {
    if (raw == yes) return true;
  }
  for (const char* no : {"false", "0", "no", "off", ""}) {
    if (raw == no) return false;
  }
  Fault(setting, fmt::format("'{}' is neither true nor false", raw));
  return false;
}

std::chrono::milliseconds ConfigReader::Seconds(const Setting& setting) {
  const std::string raw = Raw(setting);
  char* end = nullptr;
  const double value = std::strtod(raw.c_str(), &end);
  if (raw.empty() || *end != '\0' || !std::isfinite(value) || value <= 0 || value > 1e9) {
    Fault(setting, fmt::format("'{}' is not a number of seconds above 0", raw));
    return std::chrono::seconds(1);
  }
  return std::chrono::milliseconds(std::max<std::int64_t>(1, std::llround(value * 1000)));
}

std::vector<std::string> ConfigReader::List(const Setting& setting) {
  std::vector<std::string> parts = Split(Raw(setting), ',');
  std::erase(parts, "");
  return parts;
}

void ConfigReader::Fault(const Setting& setting, std::string_view what) {
  faults_.push_back(fmt::format("{}: {}", setting.name, what));
}

absl::Status ConfigReader::Finish() const {
  if (faults_.empty()) return absl::OkStatus();
  return InvalidArgument("invalid_configuration", "invalid configuration:\n  {}",
                         fmt::join(faults_, "\n  "));
}

std::vector<std::string> UnknownSettings(const Environment& env,
                                         std::span<const Setting* const> known) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : env) {
    if (!name.starts_with("MEDIAROUTER_")) continue;
    const auto matches = [&, &name = name](const Setting* setting) {
      return name == setting->name ||
             (setting->secret && name == std::string(setting->name) + "_FILE");
    };
    if (std::none_of(known.begin(), known.end(), matches)) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace mediarouter::base
