#include "base/status.h"

#include <absl/strings/cord.h>

#include <charconv>

namespace mediarouter::base {
namespace {

constexpr char kReason[] = "mediarouter.reason";
constexpr char kParam[] = "mediarouter.param";
constexpr char kRetryAfter[] = "mediarouter.retry_after_ms";

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

std::string Payload(const absl::Status& status, const char* key) {
  const auto payload = status.GetPayload(key);
  return payload ? std::string(*payload) : std::string();
}

absl::Status WithPayload(absl::Status status, const char* key, std::string_view value) {
  status.SetPayload(key, absl::Cord(Absl(value)));
  return status;
}

}  // namespace

absl::Status MakeStatus(absl::StatusCode code, std::string_view reason, std::string_view message) {
  return WithPayload(absl::Status(code, Absl(message)), kReason, reason);
}

absl::Status WithParam(absl::Status status, std::string_view param) {
  return WithPayload(std::move(status), kParam, param);
}

absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds delay) {
  return WithPayload(std::move(status), kRetryAfter, std::to_string(delay.count()));
}

std::string_view Message(const absl::Status& status) {
  const absl::string_view text = status.message();
  return {text.data(), text.size()};
}

std::string Reason(const absl::Status& status) { return Payload(status, kReason); }

std::string Param(const absl::Status& status) { return Payload(status, kParam); }

std::optional<std::chrono::milliseconds> RetryAfter(const absl::Status& status) {
  const std::string text = Payload(status, kRetryAfter);
  long long ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::milliseconds(ms);
}

std::string Describe(const absl::Status& status) {
  if (status.ok()) return "OK";
  const std::string reason = Reason(status);
  return fmt::format("{}{}{}: {}", absl::StatusCodeToString(status.code()),
                     reason.empty() ? "" : " ", reason, Message(status));
}

}  // namespace mediarouter::base
