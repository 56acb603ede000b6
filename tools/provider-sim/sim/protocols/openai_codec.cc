#include "sim/protocols/openai_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "http/json.h"
#include "http/multipart.h"

namespace mediarouter::sim::openai {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxPrompt = 32'000;
constexpr std::int64_t kKeptSeconds = 3600;
constexpr std::int64_t kMaxLimit = 100;
constexpr char kModerationTrigger[] = "forbidden";

constexpr std::array<std::string_view, 3> kSeconds = {"4", "8", "12"};
constexpr std::array<std::string_view, 4> kSizes = {"720x1280", "1280x720", "1024x1792",
                                                    "1792x1024"};

struct Model {
  std::string_view name;
  std::string_view owner;
  std::int64_t created;
  std::size_t sizes;  // how many of kSizes it has, from the first
};

constexpr std::array kModels = {
    Model{"sora-2", "openai", 1759708615, 2},
    Model{"sora-2-pro", "openai", 1759708663, 4},
    Model{"demo-video", "mediarouter", 1764000000, 4},
};

absl::Status Invalid(std::string_view param, std::string_view reason, std::string_view message) {
  return base::WithParam(base::MakeStatus(absl::StatusCode::kInvalidArgument, reason, message),
                         param);
}

absl::Status NotOneOf(std::string_view param, std::string_view value,
                      std::span<const std::string_view> allowed) {
  return Invalid(param, "invalid_value",
                 fmt::format("Invalid value: '{}'. Supported values are: '{}'.",
                             value.substr(0, 100), fmt::join(allowed, "', '")));
}

bool IsOneOf(std::string_view value, std::span<const std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

absl::Status CheckPrompt(const std::string& prompt) {
  if (prompt.empty()) {
    return Invalid("prompt", "string_below_min_length",
                   "Invalid 'prompt': empty string. Expected a string with minimum length 1.");
  }
  if (base::CodePoints(prompt) > kMaxPrompt) {
    return Invalid("prompt", "string_above_max_length",
                   fmt::format("Invalid 'prompt': string too long. Expected a string with maximum "
                               "length {}.",
                               kMaxPrompt));
  }
  if (base::ToLower(prompt).find(kModerationTrigger) != std::string::npos) {
    return base::InvalidArgument("moderation_blocked",
                                 "Your request was blocked by our moderation system.");
  }
  return absl::OkStatus();
}

absl::Status Check(const CreateRequest& wanted) {
  const auto model = std::find_if(kModels.begin(), kModels.end(),
                                  [&](const Model& row) { return row.name == wanted.model; });
  if (model == kModels.end()) {
    std::array<std::string_view, kModels.size()> names;
    std::transform(kModels.begin(), kModels.end(), names.begin(),
                   [](const Model& row) { return row.name; });
    return NotOneOf("model", wanted.model, names);
  }
  if (!IsOneOf(wanted.seconds, kSeconds)) return NotOneOf("seconds", wanted.seconds, kSeconds);
  const std::span<const std::string_view> sizes(kSizes.data(), model->sizes);
  if (!IsOneOf(wanted.size, sizes)) return NotOneOf("size", wanted.size, sizes);
  return CheckPrompt(wanted.prompt);
}

// The parameters as they were sent, whatever carried them.
struct Fields {
  std::optional<std::string> prompt, model, seconds, size;
};

absl::StatusOr<Fields> FieldsOfJson(std::string_view body) {
  MR_ASSIGN_OR_RETURN(const json::value value, http::ParseJson(body));
  http::JsonObject read(value);
  Fields fields{read.String("prompt"), read.String("model"), read.String("seconds"),
                read.String("size")};
  if (read.Value("input_reference") != nullptr) {
    read.Fault("input_reference", "unsupported_parameter",
               "The simulator takes no 'input_reference'.");
  }
  MR_RETURN_IF_ERROR(read.Finish());
  return fields;
}

absl::StatusOr<Fields> FieldsOfForm(std::string_view content_type, std::string_view body) {
  MR_ASSIGN_OR_RETURN(const auto parts, http::ParseMultipartForm(content_type, body));
  Fields fields;
  const std::pair<std::string_view, std::optional<std::string>*> known[] = {
      {"prompt", &fields.prompt},
      {"model", &fields.model},
      {"seconds", &fields.seconds},
      {"size", &fields.size}};
  for (const http::FormPart& part : parts) {
    if (part.name.starts_with("input_reference")) {
      return Invalid("input_reference", "unsupported_parameter",
                     "The simulator takes no 'input_reference'.");
    }
    const auto field = std::find_if(std::begin(known), std::end(known),
                                    [&](const auto& row) { return row.first == part.name; });
    if (field == std::end(known)) {
      return Invalid(part.name.substr(0, 100), "unknown_parameter",
                     fmt::format("Unknown parameter: '{}'.", part.name.substr(0, 100)));
    }
    if (field->second->has_value()) {
      return Invalid(part.name, "invalid_value", fmt::format("'{}' is given twice.", part.name));
    }
    if (part.filename || !base::IsCleanUtf8(part.body)) {
      return Invalid(part.name, "invalid_type", fmt::format("'{}' must be text.", part.name));
    }
    field->second->emplace(part.body);
  }
  return fields;
}

absl::Status CheckQueryNames(const http::Request& request,
                             std::initializer_list<std::string_view> allowed) {
  for (const auto& [name, value] : request.query) {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return Invalid(name.substr(0, 100), "unknown_parameter",
                     fmt::format("Unknown parameter: '{}'.", name.substr(0, 100)));
    }
  }
  return absl::OkStatus();
}

int HttpStatus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

std::string_view ErrorType(int status, std::string_view code) {
  if (code == "moderation_blocked") return "video_generation_user_error";
  if (code == "insufficient_quota") return "insufficient_quota";
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

json::value TextOrNull(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

http::Response Error(int status, std::string_view message, std::string_view param,
                     std::string_view code) {
  const json::object error{{"message", message},
                           {"type", ErrorType(status, code)},
                           {"param", TextOrNull(param)},
                           {"code", TextOrNull(code)}};
  return http::Response::Json(status, json::serialize(json::object{{"error", error}}));
}

json::object ToJson(const Job& job, const View& view, std::string_view status) {
  json::object video{{"id", job.id},
                     {"object", "video"},
                     {"model", job.model},
                     {"status", status},
                     {"progress", view.progress},
                     {"created_at", job.created_ms / 1000},
                     {"completed_at", nullptr},
                     {"expires_at", nullptr},
                     {"prompt", job.prompt},
                     {"seconds", job.seconds},
                     {"size", job.size},
                     {"remixed_from_video_id", nullptr},
                     {"error", nullptr}};
  if (view.status == JobStatus::kCompleted) {
    const std::int64_t completed_ms =
        job.created_ms + view.ended_at.value_or(job.script.render).count();
    video["completed_at"] = completed_ms / 1000;
    video["expires_at"] = ExpiresAt(completed_ms);
  }
  if (view.status == JobStatus::kFailed && job.script.failure) {
    video["error"] = {{"code", job.script.failure->code}, {"message", job.script.failure->message}};
  }
  return video;
}

}  // namespace

absl::StatusOr<CreateRequest> ParseCreate(const http::Request& request) {
  const std::string_view type = request.headers.GetOr("content-type", "");
  const std::string media = base::ToLower(base::Trim(type.substr(0, type.find(';'))));
  absl::StatusOr<Fields> fields =
      base::InvalidArgument("unsupported_content_type",
                            "Content-Type must be 'application/json' or 'multipart/form-data'.");
  if (media == "application/json") fields = FieldsOfJson(request.body);
  if (http::IsMultipartForm(type)) fields = FieldsOfForm(type, request.body);
  if (!fields.ok()) return fields.status();
  if (!fields->prompt) {
    return Invalid("prompt", "missing_required_parameter", "Missing required parameter: 'prompt'.");
  }
  CreateRequest wanted{.prompt = *std::move(fields->prompt)};
  if (fields->model) wanted.model = *std::move(fields->model);
  if (fields->seconds) wanted.seconds = *std::move(fields->seconds);
  if (fields->size) wanted.size = *std::move(fields->size);
  MR_RETURN_IF_ERROR(Check(wanted));
  return wanted;
}

absl::StatusOr<ListQuery> ParseList(const http::Request& request) {
  MR_RETURN_IF_ERROR(CheckQueryNames(request, {"limit", "order", "after"}));
  ListQuery query{.protocol = "openai"};
  if (const auto limit = request.Query("limit")) {
    const auto number = base::ParseInt(*limit);
    if (!number || *number < 0 || *number > kMaxLimit) {
      return Invalid("limit", "invalid_value",
                     fmt::format("'limit' must be a whole number from 0 to {}.", kMaxLimit));
    }
    query.limit = static_cast<std::size_t>(*number);
  }
  if (const auto order = request.Query("order")) {
    constexpr std::array<std::string_view, 2> kOrders = {"asc", "desc"};
    if (!IsOneOf(*order, kOrders)) return NotOneOf("order", *order, kOrders);
    query.newest_first = *order == "desc";
  }
  query.after = std::string(request.Query("after").value_or(""));
  return query;
}

absl::Status CheckContentQuery(const http::Request& request) {
  MR_RETURN_IF_ERROR(CheckQueryNames(request, {"variant"}));
  constexpr std::array<std::string_view, 1> kVariants = {"video"};
  const std::string_view variant = request.Query("variant").value_or("video");
  return IsOneOf(variant, kVariants) ? absl::OkStatus() : NotOneOf("variant", variant, kVariants);
}

absl::StatusOr<std::string> BearerKey(const http::Request& request) {
  const std::string_view header = request.headers.GetOr("authorization", "");
  const std::size_t space = header.find(' ');
  if (space == header.npos || base::ToLower(header.substr(0, space)) != "bearer") {
    return base::Unauthenticated("", "You didn't provide an API key. Send it as a Bearer token.");
  }
  return std::string(base::Trim(header.substr(space + 1)));
}

std::string_view StatusName(JobStatus status) {
  switch (status) {
    case JobStatus::kQueued:
      return "queued";
    case JobStatus::kInProgress:
      return "in_progress";
    case JobStatus::kCompleted:
      return "completed";
    case JobStatus::kFailed:
      return "failed";
  }
  return "";
}

std::int64_t ExpiresAt(std::int64_t completed_ms) { return completed_ms / 1000 + kKeptSeconds; }

std::string VideoObject(const Job& job, const View& view, std::string_view status) {
  return json::serialize(ToJson(job, view, status));
}

std::string VideoList(const Page& page, std::int64_t now_ms) {
  json::array data;
  for (const auto& job : page.jobs) {
    const View view = job->At(now_ms);
    data.push_back(ToJson(*job, view, StatusName(view.status)));
  }
  json::object list{{"object", "list"},
                    {"data", std::move(data)},
                    {"first_id", nullptr},
                    {"last_id", nullptr},
                    {"has_more", page.has_more}};
  if (!page.jobs.empty()) {
    list["first_id"] = page.jobs.front()->id;
    list["last_id"] = page.jobs.back()->id;
  }
  return json::serialize(list);
}

std::string DeletedObject(std::string_view id) {
  return json::serialize(json::object{{"id", id}, {"object", "video.deleted"}, {"deleted", true}});
}

std::string ModelList() {
  json::array data;
  for (const Model& model : kModels) {
    data.push_back({{"id", model.name},
                    {"object", "model"},
                    {"created", model.created},
                    {"owned_by", model.owner}});
  }
  return json::serialize(json::object{{"object", "list"}, {"data", std::move(data)}});
}

http::Response ErrorResponse(const absl::Status& status) {
  return Error(HttpStatus(status), base::Message(status), base::Param(status),
               base::Reason(status));
}

http::Response ErrorOfStatus(int status, std::string_view message) {
  std::string_view code;
  if (status == 401) code = "invalid_api_key";
  if (status == 429) code = "rate_limit_exceeded";
  return Error(status, message, "", code);
}

}  // namespace mediarouter::sim::openai
