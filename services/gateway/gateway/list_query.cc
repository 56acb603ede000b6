#include "gateway/list_query.h"

#include <fmt/format.h>

#include <optional>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "gateway/json_codec.h"
#include "gateway/request_body.h"

namespace mediarouter::gateway {
namespace {

using generation::v1::GenerationState;

constexpr std::int64_t kDefaultLimit = 50;
constexpr std::int64_t kMaxLimit = 100;
constexpr std::int64_t kMaxSkip = 100'000;
constexpr std::size_t kMaxFilterLength = 1000;

constexpr GenerationState kStates[] = {
    generation::v1::GENERATION_STATE_QUEUED, generation::v1::GENERATION_STATE_PROCESSING,
    generation::v1::GENERATION_STATE_COMPLETED, generation::v1::GENERATION_STATE_FAILED,
    generation::v1::GENERATION_STATE_CANCELLED};

absl::Status Invalid(const char* name, std::string_view what) {
  return base::WithParam(base::InvalidArgument("invalid_value", "'{}' must be {}", name, what),
                         name);
}

absl::StatusOr<std::int64_t> Number(const http::Request& request, const char* name,
                                    std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const auto text = request.Query(name);
  if (!text) return fallback;
  const auto value = base::ParseInt(*text);
  if (!value || *value < min || *value > max) {
    return Invalid(name, fmt::format("a whole number from {} to {}", min, max));
  }
  return *value;
}

absl::StatusOr<std::string> Filter(const http::Request& request, const char* name) {
  const std::string_view text = request.Query(name).value_or("");
  if (text.size() > kMaxFilterLength) {
    return Invalid(name, fmt::format("at most {} bytes", kMaxFilterLength));
  }
  return std::string(text);
}

absl::StatusOr<GenerationState> State(const http::Request& request) {
  const std::string text = base::ToLower(request.Query("status").value_or(""));
  if (text.empty()) return generation::v1::GENERATION_STATE_UNSPECIFIED;
  for (const GenerationState state : kStates) {
    if (text == StateName(state)) return state;
  }
  return Invalid("status", "queued, processing, completed, failed or cancelled");
}

absl::StatusOr<std::optional<google::protobuf::Timestamp>> Time(const http::Request& request,
                                                                const char* name) {
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  const auto text = request.Query(name);
  if (!text || text->empty()) return std::nullopt;
  if (const auto seconds = base::ParseInt(*text);
      seconds && *seconds >= 0 && *seconds <= kYear9999) {
    google::protobuf::Timestamp time;
    time.set_seconds(*seconds);
    return time;
  }
  if (const auto time = base::ParseTime(*text)) return ToTimestamp(*time);
  return Invalid(name, "an RFC 3339 time such as 2026-01-31T12:00:00Z, or seconds since 1970");
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<generation::v1::ListGenerationsRequest> ReadListQuery(const http::Request& request) {
  MR_RETURN_IF_ERROR(CheckQuery(request, {"skip", "limit", "cursor", "provider", "model", "status",
                                          "q", "created_after", "created_before"}));
  generation::v1::ListGenerationsRequest list;
  MR_ASSIGN_OR_RETURN(const std::int64_t limit,
                      Number(request, "limit", kDefaultLimit, 1, kMaxLimit));
  list.set_page_size(static_cast<int>(limit));
  MR_ASSIGN_OR_RETURN(const std::int64_t skip, Number(request, "skip", 0, 0, kMaxSkip));
  list.set_skip(static_cast<int>(skip));
  MR_ASSIGN_OR_RETURN(*list.mutable_page_token(), Filter(request, "cursor"));
  MR_ASSIGN_OR_RETURN(*list.mutable_provider(), Filter(request, "provider"));
  MR_ASSIGN_OR_RETURN(*list.mutable_model(), Filter(request, "model"));
  MR_ASSIGN_OR_RETURN(*list.mutable_query(), Filter(request, "q"));
  MR_ASSIGN_OR_RETURN(const GenerationState state, State(request));
  list.set_state(state);
  MR_ASSIGN_OR_RETURN(const auto after, Time(request, "created_after"));
  if (after) *list.mutable_created_after() = *after;
  MR_ASSIGN_OR_RETURN(const auto before, Time(request, "created_before"));
  if (before) *list.mutable_created_before() = *before;
  return list;
}

std::string NextPage(const http::Request& request, std::string_view cursor) {
  std::string target = fmt::format("{}?cursor={}", request.path, PercentEncode(cursor));
  for (const auto& [name, value] : request.query) {
    if (name == "cursor" || name == "skip" || value.empty()) continue;
    target += fmt::format("&{}={}", PercentEncode(name), PercentEncode(value));
  }
  return target;
}

}  // namespace mediarouter::gateway
