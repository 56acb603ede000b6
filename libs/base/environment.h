#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_string.h"

namespace mediarouter::base {

// One environment variable that a service reads. The tables of settings are the only truth:
// deploy/.env.example and the README's table are printed from them (`mediarouter settings`).
struct Setting {
  const char* name;
  const char* fallback;  // what an unset variable means; "" for nothing
  const char* help;      // one line, for people
  bool secret = false;   // also read from the file that NAME_FILE names; never printed
};

// A copy of the process's environment, or of a test's.
using Environment = std::map<std::string, std::string>;
Environment ProcessEnvironment();

// Reads settings and collects every fault, so that a person corrects all of them at once.
//   ConfigReader read(env);
//   config.port = read.Int(kPort, 0, 65535);
//   MR_RETURN_IF_ERROR(read.Finish());
// A variable that is set but empty counts as unset. Not thread-safe.
class ConfigReader {
 public:
  explicit ConfigReader(const Environment& env) : env_(env) {}

  std::string Text(const Setting& setting);
  SecretString Secret(const Setting& setting);
  std::int64_t Int(const Setting& setting, std::int64_t min, std::int64_t max);
  bool Bool(const Setting& setting);                          // true/false, 1/0, yes/no, on/off
  std::chrono::milliseconds Seconds(const Setting& setting);  // "1.5" -> 1500 ms; > 0
  std::vector<std::string> List(const Setting& setting);      // by comma, spaces trimmed
  bool IsSet(const Setting& setting) const;

  // Notes a fault that the caller found.
  void Fault(const Setting& setting, std::string_view what);
  // InvalidArgument with all faults, a line each.
  absl::Status Finish() const;

 private:
  std::string Raw(const Setting& setting);
  const Environment& env_;
  std::vector<std::string> faults_;
};

// MEDIAROUTER_* names in `env` that no table knows: probably misspelt.
std::vector<std::string> UnknownSettings(const Environment& env,
                                         std::span<const Setting* const> known);

}  // namespace mediarouter::base
