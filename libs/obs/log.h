#pragma once

#include <fmt/format.h>

#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/call_context.h"

// Structured logs: one JSON object a line on standard error, or a readable line when that is a
// terminal. Thread-safe. Constant message, fields vary. Never log secrets, signed links, prompts
// or bodies.
namespace mediarouter::obs {

enum class Level { kDebug, kInfo, kWarn, kError };

struct LogConfig {
  std::string service;  // "gateway"
  Level level = Level::kInfo;
  bool json = true;  // false: readable lines
};

// Call once at start; before it, warnings and errors go out under the name "mediarouter".
void InitLog(const LogConfig& config);

// "debug", "info", "warn", "error"; anything else is kInfo.
Level ParseLevel(std::string_view text);

// One name and value of a log line. Numbers and booleans stay what they are in JSON.
struct Field {
  std::string_view name;
  std::string value;
  bool quoted = true;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v) {}
  Field(std::string_view n, bool v) : name(n), value(v ? "true" : "false"), quoted(false) {}
  template <typename Number>
  requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, char>)
      Field(std::string_view n, Number v)
      : name(n), value(fmt::format("{}", v)), quoted(!std::isfinite(static_cast<double>(v))) {}
};

void Log(Level level, std::string_view message, std::initializer_list<Field> fields = {});

// The same with the request id and trace id of `context`.
void Log(Level level, const base::CallContext& context, std::string_view message,
         std::initializer_list<Field> fields = {});

}  // namespace mediarouter::obs
