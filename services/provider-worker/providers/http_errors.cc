#include "providers/http_errors.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include "base/strings.h"
#include "providers/json.h"

namespace mediarouter::providers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMaxMessageCodePoints = 300;
constexpr milliseconds kLongestRetryAfter = std::chrono::hours(24);

struct ErrorBody {
  std::string code;
  std::string type;
  std::string message;
};

// OpenAI's {"error":{...}}, {"error":"text"}, FastAPI's {"detail":"text" | [{"msg"}]}, and
// {"code","message"}.
ErrorBody ReadErrorBody(std::string_view text) {
  const auto body = ParseObject(text);
  if (!body) return {};
  if (const auto* error = Object(*body, "error")) {
    return {Text(*error, "code"), Text(*error, "type"), Text(*error, "message")};
  }
  ErrorBody result{Text(*body, "code"), Text(*body, "type"), Text(*body, "message")};
  if (result.message.empty()) result.message = Text(*body, "error");
  if (result.message.empty()) result.message = Text(*body, "detail");
  if (result.message.empty()) {
    const auto* detail = body->if_contains("detail");
    const auto* list = detail == nullptr ? nullptr : detail->if_array();
    if (list != nullptr && !list->empty() && list->front().is_object()) {
      result.message = Text(list->front().as_object(), "msg");
    }
  }
  return result;
}

bool Contains(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

bool IsModeration(std::string_view code) {
  return Contains(code, {"moderation", "content_policy", "content_filter", "safety", "sensitive",
                         "prohibited_content"});
}

bool IsNoCredit(std::string_view code) {
  return Contains(
      code, {"insufficient_quota", "insufficient_credit", "insufficient_balance",
             "billing_hard_limit", "billing_not_active", "quota_exceeded", "payment_required"});
}

FaultKind KindOf(int status, const std::string& code, const std::string& type) {
  if (IsModeration(code) || IsModeration(type)) return FaultKind::kModeration;
  if (IsNoCredit(code) || IsNoCredit(type) || status == 402) return FaultKind::kNoCredit;
  if (status == 401 || status == 403) return FaultKind::kInvalidKey;
  if (status == 429) return FaultKind::kRateLimit;
  const bool theirs = status == 408 || status == 409 || status == 425 || status == 499;
  if (status >= 400 && status < 500 && !theirs) return FaultKind::kInvalidRequest;
  return FaultKind::kProvider;
}

std::string DefaultMessage(FaultKind kind) {
  switch (kind) {
    case FaultKind::kModeration:
      return "the provider did not allow the content";
    case FaultKind::kInvalidRequest:
      return "the provider refused the request";
    case FaultKind::kInvalidKey:
      return "the provider refused the provider key";
    case FaultKind::kNoCredit:
      return "the provider key has no credit left";
    case FaultKind::kRateLimit:
      return "the provider's rate limit was reached";
    case FaultKind::kJobLost:
      return "the provider does not know the job any more";
    case FaultKind::kCancelled:
      return "the job was cancelled at the provider";
    case FaultKind::kNone:
    case FaultKind::kProvider:
      break;
  }
  return "the provider failed";
}

Fault MakeFault(FaultKind kind, std::string_view message) {
  Fault fault{kind, SafeMessage(message), std::nullopt};
  // Messages about keys tend to quote them.
  if (fault.message.empty() || kind == FaultKind::kInvalidKey) fault.message = DefaultMessage(kind);
  return fault;
}

// RFC 9110's IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<std::time_t> ParseHttpDate(std::string_view text) {
  std::tm time{};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&time);
}

bool IsWordEnd(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// Whether a word is a link or a key.
bool IsPrivateWord(std::string_view word) {
  const std::string lower = base::ToLower(word);
  return Contains(lower, {"://", "www."}) || lower.find("sk-") != std::string::npos;
}

}  // namespace

std::string SafeMessage(std::string_view text) {
  if (!base::IsCleanUtf8(text)) return {};
  std::string result;
  std::size_t code_points = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (IsWordEnd(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !IsWordEnd(text[end])) ++end;
    std::string_view word = text.substr(at, end - at);
    at = end;
    if (IsPrivateWord(word)) word = "[...]";
    if (!result.empty()) {
      result += ' ';
      ++code_points;
    }
    for (const char c : word) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f) continue;
      const bool starts_code_point = (byte & 0xc0) != 0x80;
      if (starts_code_point && ++code_points > kMaxMessageCodePoints) return result;
      result += c;
    }
  }
  return result;
}

std::optional<milliseconds> RetryAfterOf(const httpc::HttpResponse& answer) {
  std::optional<milliseconds> delay;
  if (const auto field = answer.Header("retry-after-ms")) {
    if (const auto value = base::ParseInt(*field)) delay = milliseconds(*value);
  }
  if (const auto field = answer.Header("retry-after"); field && !delay) {
    if (const auto value = base::ParseInt(*field)) {
      delay = *value > kLongestRetryAfter / seconds(1) ? kLongestRetryAfter : seconds(*value);
    } else if (const auto date = answer.Header("date")) {
      const auto until = ParseHttpDate(*field);
      const auto now = ParseHttpDate(*date);
      if (until && now) delay = seconds(*until - *now);
    }
  }
  if (!delay || *delay < milliseconds(0)) return std::nullopt;
  return std::min(*delay, kLongestRetryAfter);
}

Fault FaultOf(const httpc::HttpResponse& answer) {
  const ErrorBody body = ReadErrorBody(answer.body);
  Fault fault = MakeFault(KindOf(answer.status, base::ToLower(body.code), base::ToLower(body.type)),
                          body.message);
  fault.retry_after = RetryAfterOf(answer);
  return fault;
}

Fault FaultOfJob(std::string_view code, std::string_view message) {
  const std::string lower = base::ToLower(code);
  FaultKind kind = FaultKind::kProvider;
  if (IsModeration(lower)) {
    kind = FaultKind::kModeration;
  } else if (IsNoCredit(lower)) {
    kind = FaultKind::kNoCredit;
  } else if (Contains(lower, {"cancel"})) {
    kind = FaultKind::kCancelled;
  } else if (Contains(lower, {"invalid"})) {
    kind = FaultKind::kInvalidRequest;
  } else if (Contains(lower, {"rate_limit"})) {
    kind = FaultKind::kRateLimit;
  }
  return MakeFault(kind, message);
}

bool IsDefiniteRefusal(int status) {
  // 408, 409 and 499 may come after the job was made; a 3xx other than these two as well.
  static constexpr int kRefusals[] = {307, 308, 400, 401, 402, 403, 404, 405, 406,
                                      410, 411, 413, 414, 415, 422, 429, 431, 451};
  return std::find(std::begin(kRefusals), std::end(kRefusals), status) != std::end(kRefusals);
}

}  // namespace mediarouter::providers
