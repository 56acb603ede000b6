#include "obs/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <memory>

#include "base/strings.h"

namespace mediarouter::obs {
namespace {

// spdlog does the sinks, colours and locking; the line itself is ours, so that fields are JSON.
struct Logger {
  std::shared_ptr<spdlog::logger> out;
  LogConfig config;
};

Logger Make(const LogConfig& config) {
  auto out = std::make_shared<spdlog::logger>(
      config.service, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  out->set_pattern(config.json ? "%v" : "%H:%M:%S.%e %^%-5l%$ %v");
  out->set_level(spdlog::level::trace);
  out->flush_on(spdlog::level::trace);
  return {out, config};
}

std::shared_ptr<const Logger>& Holder() {
  static std::shared_ptr<const Logger> logger =
      std::make_shared<const Logger>(Make({.service = "mediarouter", .level = Level::kWarn}));
  return logger;
}

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
constexpr spdlog::level::level_enum kSpdlog[] = {spdlog::level::debug, spdlog::level::info,
                                                 spdlog::level::warn, spdlog::level::err};

std::string Quote(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

void Write(Level level, std::string_view message, std::initializer_list<Field> fields,
           std::string_view request_id, std::string_view traceparent) {
  const std::shared_ptr<const Logger> logger = std::atomic_load(&Holder());
  if (level < logger->config.level) return;
  const auto index = static_cast<std::size_t>(level);
  fmt::memory_buffer line;
  const auto out = fmt::appender(line);
  if (logger->config.json) {
    fmt::format_to(out, R"({{"time":"{}","level":"{}","service":{},"message":{})",
                   base::FormatTime(std::chrono::system_clock::now()), kNames[index],
                   Quote(logger->config.service), Quote(message));
    if (!request_id.empty()) fmt::format_to(out, R"(,"request_id":{})", Quote(request_id));
    // version "-" trace-id "-" parent-id "-" flags
    if (traceparent.size() >= 35) {
      fmt::format_to(out, R"(,"trace_id":{})", Quote(traceparent.substr(3, 32)));
    }
    for (const Field& field : fields) {
      fmt::format_to(out, ",{}:{}", Quote(field.name),
                     field.quoted ? Quote(field.value) : field.value);
    }
    fmt::format_to(out, "}}");
  } else {
    fmt::format_to(out, "{}", message);
    for (const Field& field : fields) fmt::format_to(out, "  {}={}", field.name, field.value);
    if (!request_id.empty()) fmt::format_to(out, "  request_id={}", request_id);
  }
  logger->out->log(kSpdlog[index], spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void InitLog(const LogConfig& config) {
  std::atomic_store(&Holder(), std::make_shared<const Logger>(Make(config)));
}

Level ParseLevel(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (text == kNames[i]) return static_cast<Level>(i);
  }
  return Level::kInfo;
}

void Log(Level level, std::string_view message, std::initializer_list<Field> fields) {
  Write(level, message, fields, {}, {});
}

void Log(Level level, const base::CallContext& context, std::string_view message,
         std::initializer_list<Field> fields) {
  Write(level, message, fields, context.request_id, context.traceparent);
}

}  // namespace mediarouter::obs
