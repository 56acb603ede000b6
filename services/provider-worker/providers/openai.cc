#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status.h"
#include "base/strings.h"
#include "httpc/url.h"
#include "providers/http_errors.h"
#include "providers/json.h"
#include "providers/registry.h"

// OpenAI's Videos protocol, https://platform.openai.com/docs/api-reference/videos , as its own
// server spoke it and as vLLM-Omni, SGLang and resellers do: what they leave out or retype is
// tolerated.
namespace mediarouter::providers {
namespace json = boost::json;
namespace {

using httpc::HttpRequest;
using httpc::HttpResponse;
using std::chrono::system_clock;

constexpr std::size_t kMaxJobIdLength = 256;
constexpr int kListPageSize = 100;
constexpr std::uint64_t kMaxListBytes = 32 * 1024 * 1024;  // prompts are repeated in it
constexpr int kMaxListPages = 200;
// The provider's clock and ours need not agree better than that.
constexpr std::chrono::seconds kClockTolerance{60};

bool IsSuccess(const HttpResponse& answer) { return answer.status >= 200 && answer.status < 300; }

Fault Unreadable() {
  return {FaultKind::kProvider, "the provider's answer could not be read", std::nullopt};
}

std::optional<system_clock::time_point> Time(const json::object& video, std::string_view name) {
  if (const auto number = Number(video, name)) {
    constexpr double kMillisecondsFrom = 1e11;  // as seconds that is the year 5138
    const double seconds = *number >= kMillisecondsFrom ? *number / 1000 : *number;
    if (std::abs(seconds) > kMillisecondsFrom) return std::nullopt;
    return system_clock::time_point(std::chrono::milliseconds(std::llround(seconds * 1000)));
  }
  return base::ParseTime(Text(video, name));
}

std::string JobId(const json::object& video) {
  std::string id = Text(video, "id");
  if (id.empty()) id = Text(video, "task_id");
  const bool usable = id.size() <= kMaxJobIdLength && std::all_of(id.begin(), id.end(), [](char c) {
                        return c > 0x20 && c < 0x7f;
                      });
  return usable ? id : std::string();
}

Submission ReadSubmission(const HttpResponse& answer) {
  using Outcome = Submission::Outcome;
  if (IsSuccess(answer)) {
    const auto video = ParseObject(answer.body);
    std::string id = video ? JobId(*video) : std::string();
    if (id.empty()) return {Outcome::kAmbiguous, "", Unreadable()};
    return {Outcome::kAccepted, std::move(id), {}};
  }
  return {IsDefiniteRefusal(answer.status) ? Outcome::kRefused : Outcome::kAmbiguous, "",
          FaultOf(answer)};
}

Fault JobError(const json::object& video) {
  if (const auto* error = Object(video, "error")) {
    return FaultOfJob(Text(*error, "code"), Text(*error, "message"));
  }
  return FaultOfJob("", Text(video, "error"));
}

PollResult ReadPoll(const HttpResponse& answer) {
  using State = PollResult::State;
  PollResult result;
  if (answer.status == 404 || answer.status == 410) {
    result.state = State::kUnknownJob;
    result.fault = FaultOfJob("", "");
    result.fault.kind = FaultKind::kJobLost;
    return result;
  }
  if (!IsSuccess(answer)) {
    result.fault = FaultOf(answer);
    return result;
  }
  const auto video = ParseObject(answer.body);
  if (!video) {
    result.fault = Unreadable();
    return result;
  }
  const std::string status = base::ToLower(Text(*video, "status"));
  if (status == "completed" || status == "succeeded") {
    result.state = State::kSucceeded;
  } else if (status == "failed" || status == "error" || status == "expired") {
    result.state = State::kFailed;
    result.fault = JobError(*video);
  } else if (status == "cancelled" || status == "canceled") {
    result.state = State::kFailed;
    result.fault = FaultOfJob("cancelled", "");
  } else {
    result.state = State::kWorking;
    if (const auto progress = Number(*video, "progress")) {
      result.percent = static_cast<int>(std::clamp(*progress, 0.0, 99.0));
    }
  }
  return result;
}

KeyCheck ReadKeyCheck(const HttpResponse& answer) {
  using Verdict = KeyCheck::Verdict;
  if (IsSuccess(answer)) {
    // A proxy's login page is no word of the provider.
    if (!ParseObject(answer.body)) return {Verdict::kUnreachable, Unreadable().message};
    return {Verdict::kValid, ""};
  }
  Fault fault = FaultOf(answer);
  switch (fault.kind) {
    case FaultKind::kInvalidKey:
      return {Verdict::kInvalid, std::move(fault.message)};
    case FaultKind::kNoCredit:
      return {Verdict::kQuotaExceeded, std::move(fault.message)};
    default:
      return {Verdict::kUnreachable,
              fmt::format("the provider answered {}: {}", answer.status, fault.message)};
  }
}

// Whether a listed video can be the one that was asked for. Servers leave fields out, but without
// the same prompt there is nothing to go by.
bool Matches(const json::object& video, const VideoRequest& asked) {
  const auto same = [&](const char* name, const std::string& value) {
    const std::string listed = Text(video, name);
    return listed.empty() || value.empty() || listed == value;
  };
  const std::string model = Text(video, "model");
  const bool same_model =
      model.empty() || model == asked.model || model.starts_with(asked.model + "-20");  // dated
  return same_model && Text(video, "prompt") == asked.prompt && same("seconds", asked.seconds) &&
         same("size", asked.size);
}

class OpenAi final : public Provider {
 public:
  explicit OpenAi(const Endpoint& endpoint) : base_url_(endpoint.base_url) {}

  Step<Submission> Submit(const VideoRequest& video, Credential key) const override {
    HttpRequest request = Request("POST", "/videos", key);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = CreateBody(video);
    request.send_once = true;
    return Exchange<Submission>{std::move(request), &ReadSubmissionStep};
  }

  Step<PollResult> Poll(const std::string& job_id, Credential key) const override {
    return Exchange<PollResult>{
        Request("GET", "/videos/" + httpc::EscapePathSegment(job_id), key),
        [](const HttpResponse& answer) -> Step<PollResult> { return ReadPoll(answer); }};
  }

  Step<ContentSource> Content(const std::string& job_id, Credential key) const override {
    ContentSource source{
        Request("GET", "/videos/" + httpc::EscapePathSegment(job_id) + "/content", key)};
    source.request.headers.erase(source.request.headers.begin());  // Accept: application/json
    return source;
  }

  absl::StatusOr<Step<Cancellation>> Cancel(const std::string&, Credential) const override {
    return base::Unimplemented("cancel_unsupported", "the Videos protocol cannot call a job off");
  }

  Step<Lookup> Reconcile(const Attempt& attempt, Credential key) const override {
    return ListPage({attempt, std::string(key), "", {}, 1});
  }

  Step<KeyCheck> ValidateKey(Credential key) const override {
    return Exchange<KeyCheck>{
        Request("GET", "/models", key),
        [](const HttpResponse& answer) -> Step<KeyCheck> { return ReadKeyCheck(answer); }};
  }

 private:
  struct Listing {
    Attempt attempt;
    std::string key;
    std::string after;
    std::vector<std::string> found;
    int page;
  };

  static Step<Submission> ReadSubmissionStep(const HttpResponse& answer) {
    return ReadSubmission(answer);
  }

  // The create as api.openai.com takes it. Servers that want it otherwise (multipart only, seconds
  // as a number) differ here and nowhere else.
  static std::string CreateBody(const VideoRequest& video) {
    json::object body;
    body["prompt"] = video.prompt;
    body["model"] = video.model;
    if (!video.seconds.empty()) body["seconds"] = video.seconds;
    if (!video.size.empty()) body["size"] = video.size;
    return json::serialize(body);
  }

  HttpRequest Request(std::string method, const std::string& path, Credential key) const {
    HttpRequest request;
    request.method = std::move(method);
    request.url = base_url_ + path;
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("Authorization", "Bearer " + std::string(key));
    request.trusted_host = true;
    return request;
  }

  Step<Lookup> ListPage(Listing listing) const {
    std::string path = fmt::format("/videos?limit={}&order=desc", kListPageSize);
    if (!listing.after.empty()) path += "&after=" + httpc::EscapePathSegment(listing.after);
    HttpRequest request = Request("GET", path, listing.key);
    request.max_body_bytes = kMaxListBytes;
    return Exchange<Lookup>{std::move(request),
                            [this, listing = std::move(listing)](const HttpResponse& answer) {
                              return ReadPage(listing, answer);
                            }};
  }

  Step<Lookup> ReadPage(Listing listing, const HttpResponse& answer) const {
    using State = Lookup::State;
    if (!IsSuccess(answer)) {
      const bool never = answer.status == 404 || answer.status == 405 || answer.status == 410 ||
                         answer.status == 501;
      return Lookup{never ? State::kUnsupported : State::kUnanswered, {}, FaultOf(answer)};
    }
    const auto body = ParseObject(answer.body);
    const auto* data = body ? body->if_contains("data") : nullptr;
    const auto* videos = data == nullptr ? nullptr : data->if_array();
    if (videos == nullptr) return Lookup{State::kUnanswered, {}, Unreadable()};

    const auto since = listing.attempt.begin - kClockTolerance;
    bool all_older = true;
    std::string last;
    for (const json::value& item : *videos) {
      const auto* video = item.if_object();
      if (video == nullptr) continue;
      std::string id = JobId(*video);
      const auto created = Time(*video, "created_at");
      const bool older = created && *created < since;
      all_older = all_older && older;
      last = id;
      const auto& found = listing.found;
      if (!older && !id.empty() && Matches(*video, listing.attempt.video) &&
          std::find(found.begin(), found.end(), id) == found.end()) {
        listing.found.push_back(std::move(id));
      }
    }
    // SGLang's list is whole and has neither has_more nor last_id.
    const auto* more = body->if_contains("has_more");
    const bool has_more = more != nullptr && more->is_bool() && more->as_bool();
    if (const std::string last_id = Text(*body, "last_id"); !last_id.empty()) last = last_id;
    if (!has_more || all_older || last.empty() || last == listing.after ||
        listing.page >= kMaxListPages) {
      return Lookup{State::kAnswered, std::move(listing.found), {}};
    }
    listing.after = last;
    ++listing.page;
    return ListPage(std::move(listing));
  }

  const std::string base_url_;
};

}  // namespace

std::unique_ptr<const Provider> MakeOpenAi(const Endpoint& endpoint) {
  return std::make_unique<OpenAi>(endpoint);
}

}  // namespace mediarouter::providers
