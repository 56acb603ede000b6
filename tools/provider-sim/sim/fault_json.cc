#include "sim/fault_json.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "sim/fault_names.h"

namespace mediarouter::sim {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::int64_t kWeekMs = 7LL * 24 * 3600 * 1000;
constexpr std::int64_t kMany = std::numeric_limits<std::int32_t>::max();

absl::Status ReadMatch(const json::value* value, Fault& fault) {
  if (value == nullptr) return absl::OkStatus();
  http::JsonObject read(*value);
  if (const auto name = read.String("op")) {
    fault.op = ParseOp(*name);
    if (!fault.op) read.Fault("match.op", "invalid_value", fmt::format("unknown op '{}'", *name));
  }
  fault.prompt_contains = read.String("prompt_contains").value_or("");
  return read.Finish();
}

// The parameters of the kind, and no others: Finish() refuses the rest.
void ReadParameters(http::JsonObject& read, Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kLatency:
    case FaultKind::kStalledBody:
    case FaultKind::kListHidden:
      if (const auto delay = ReadMilliseconds(read, "ms")) {
        fault.delay = *delay;
      } else {
        read.Fault("ms", "missing_required_parameter", "'ms' is needed");
      }
      break;
    case FaultKind::kRenderSeconds:
      if (const auto delay = ReadSeconds(read, "seconds")) {
        fault.delay = *delay;
      } else {
        read.Fault("seconds", "missing_required_parameter", "'seconds' is needed");
      }
      break;
    case FaultKind::kStatus:
    case FaultKind::kErrorAfter:
      fault.code = static_cast<int>(
          read.Int("code", 200, 599).value_or(fault.kind == FaultKind::kStatus ? 503 : 500));
      fault.retry_after = read.Int("retry_after", 0, kMany);
      fault.body = read.String("body").value_or("");
      break;
    case FaultKind::kWrongContentType:
      fault.content_type = read.String("content_type").value_or(fault.content_type);
      break;
    case FaultKind::kUnknownStatus:
      fault.status = read.String("status").value_or(fault.status);
      break;
    case FaultKind::kFail:
      fault.failure.code = read.String("code").value_or(fault.failure.code);
      fault.failure.message = read.String("message").value_or(fault.failure.message);
      break;
    default:
      break;
  }
}

}  // namespace

std::optional<milliseconds> ReadSeconds(http::JsonObject& read, std::string_view name) {
  const json::value* value = read.Value(name);
  if (value == nullptr) return std::nullopt;
  const double seconds = value->is_number() ? value->to_number<double>() : -1;
  if (!(seconds >= 0 && seconds * 1000 <= static_cast<double>(kWeekMs))) {
    read.Fault(name, "invalid_value",
               fmt::format("'{}' must be a number of seconds, at least 0", name));
    return milliseconds(0);
  }
  return milliseconds(std::llround(seconds * 1000));
}

std::optional<milliseconds> ReadMilliseconds(http::JsonObject& read, std::string_view name) {
  const auto number = read.Int(name, 0, kWeekMs);
  if (!number) return std::nullopt;
  return milliseconds(*number);
}

absl::StatusOr<Fault> FaultFromJson(const json::value& value) {
  http::JsonObject read(value);
  Fault fault;
  MR_RETURN_IF_ERROR(ReadMatch(read.Value("match"), fault));
  const std::string name = read.String("kind").value_or("");
  const auto kind = ParseFaultKind(name);
  if (!kind) {
    read.Fault("kind", "invalid_value", fmt::format("unknown kind '{}'", name));
    return read.Finish();
  }
  fault.kind = *kind;
  fault.count = read.Int("count", 0, kMany).value_or(fault.count);
  fault.after = read.Int("after", 0, kMany).value_or(fault.after);
  ReadParameters(read, fault);
  const auto only = OnlyOp(fault.kind);
  if (only && fault.op && *fault.op != *only) {
    read.Fault("match.op", "invalid_value",
               fmt::format("'{}' only meets op '{}'", name, Name(*only)));
  }
  MR_RETURN_IF_ERROR(read.Finish());
  return fault;
}

json::object FaultToJson(const Fault& fault) {
  const std::optional<Op> op = fault.op ? fault.op : OnlyOp(fault.kind);
  return {{"id", fault.id},
          {"kind", Name(fault.kind)},
          {"op", op ? json::value(Name(*op)) : json::value(nullptr)},
          {"prompt_contains", fault.prompt_contains},
          {"count", fault.count},
          {"after", fault.after},
          {"hits", fault.hits}};
}

}  // namespace mediarouter::sim
