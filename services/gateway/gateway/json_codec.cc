#include "gateway/json_codec.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "http/json.h"

namespace mediarouter::gateway {
namespace {

using generation::v1::Generation;
using generation::v1::Model;
using generation::v1::Parameters;
using google::protobuf::Timestamp;

constexpr std::int64_t kMaxDuration = 3600;
constexpr std::int64_t kMaxFps = 240;
// Larger whole numbers do not survive JavaScript, and the API shows the seed again.
constexpr std::int64_t kMaxSeed = (std::int64_t{1} << 53) - 1;

std::chrono::system_clock::time_point FromTimestamp(const Timestamp& time) {
  return std::chrono::system_clock::time_point(
      std::chrono::seconds(time.seconds()) + std::chrono::duration_cast<std::chrono::microseconds>(
                                                 std::chrono::nanoseconds(time.nanos())));
}

std::int64_t Milliseconds(const Timestamp& time) {
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

void WriteTime(JsonWriter& out, bool known, const Timestamp& time) {
  if (known) {
    out.String(base::FormatTime(FromTimestamp(time)));
  } else {
    out.Null();
  }
}

void WriteParameters(JsonWriter& out, const Parameters& parameters) {
  const auto number = [&out](const char* name, bool known, std::int64_t value) {
    out.Key(name);
    if (known) {
      out.Int(value);
    } else {
      out.Null();
    }
  };
  out.Object();
  number("duration", parameters.has_duration(), parameters.duration());
  out.Key("aspect_ratio").StringOrNull(parameters.aspect_ratio());
  out.Key("size").StringOrNull(parameters.size());
  number("seed", parameters.has_seed(), parameters.seed());
  number("fps", parameters.has_fps(), parameters.fps());
  out.EndObject();
}

void WriteVideo(JsonWriter& out, const Generation& generation, const SignedLinks& links) {
  if (!generation.has_video()) {
    out.Null();
    return;
  }
  const auto& video = generation.video();
  out.Object();
  out.Key("url").String(links.UrlOf(generation.id()));
  out.Key("duration").Seconds(video.duration_ms());
  out.Key("width").Int(video.width());
  out.Key("height").Int(video.height());
  out.EndObject();
}

// Unknown is null, never 0.
void WriteUsage(JsonWriter& out, const Generation& generation) {
  if (!generation.has_cost_micros() && !generation.has_complete_time()) {
    out.Null();
    return;
  }
  out.Object().Key("cost");
  if (generation.has_cost_micros()) {
    out.Dollars(generation.cost_micros());
  } else {
    out.Null();
  }
  out.Key("time_seconds");
  if (generation.has_complete_time()) {
    out.Seconds(Milliseconds(generation.complete_time()) - Milliseconds(generation.create_time()));
  } else {
    out.Null();
  }
  out.EndObject();
}

const char* StageName(generation::v1::ModelStage stage) {
  switch (stage) {
    case generation::v1::MODEL_STAGE_DEPRECATED:
      return "deprecated";
    case generation::v1::MODEL_STAGE_RETIRED:
      return "retired";
    default:
      return "active";
  }
}

void WriteStrings(JsonWriter& out, const std::vector<std::string>& strings) {
  out.Array();
  for (const std::string& text : strings) out.String(text);
  out.EndArray();
}

void WriteModel(JsonWriter& out, const Model& model) {
  out.Object();
  out.Key("name").String(model.name());
  out.Key("display_name").String(model.display_name());
  out.Key("stage").String(StageName(model.stage()));
  out.Key("durations").Array();
  for (const int seconds : model.durations()) out.Int(seconds);
  out.EndArray();
  out.Key("default_duration").Int(model.default_duration());
  out.Key("aspect_ratios");
  WriteStrings(out, {model.aspect_ratios().begin(), model.aspect_ratios().end()});
  out.Key("sizes");
  WriteStrings(out, {model.sizes().begin(), model.sizes().end()});
  out.Key("supports_seed").Bool(model.supports_seed());
  out.Key("supports_fps").Bool(model.supports_fps());
  out.Key("max_prompt_length").Int(model.max_prompt_length());
  out.Key("price_per_second").Dollars(model.price_per_second_micros());
  out.EndObject();
}

}  // namespace

absl::StatusOr<Generation> ReadGeneration(const boost::json::value& body, bool prompt_required) {
  Generation generation;
  http::JsonObject read(body);
  const auto model = read.String("model");
  const auto prompt = read.String("prompt");
  const auto provider = read.String("provider");
  const auto duration = read.Int("duration", 1, kMaxDuration);
  const auto aspect_ratio = read.String("aspect_ratio");
  const auto size = read.String("size");
  const auto seed = read.Int("seed", 0, kMaxSeed);
  const auto fps = read.Int("fps", 1, kMaxFps);

  const auto require = [&read](const char* name, const std::optional<std::string>& text) {
    if (text && !text->empty()) return;
    read.Fault(name, "missing_required_parameter",
               fmt::format("'{}' is required and must not be empty", name));
  };
  // Empty means something only where it is told from absent.
  const auto not_empty = [&read](const char* name, const std::optional<std::string>& text) {
    if (!text || !text->empty()) return;
    read.Fault(name, "invalid_value",
               fmt::format("'{}' must not be empty; leave it out for the default", name));
  };
  require("model", model);
  if (prompt_required) require("prompt", prompt);
  not_empty("provider", provider);
  not_empty("aspect_ratio", aspect_ratio);
  not_empty("size", size);
  MR_RETURN_IF_ERROR(read.Finish());

  generation.set_model(*model);
  generation.set_prompt(prompt.value_or(""));
  generation.set_provider(provider.value_or(""));
  Parameters& parameters = *generation.mutable_parameters();
  if (duration) parameters.set_duration(static_cast<int>(*duration));
  if (aspect_ratio) parameters.set_aspect_ratio(*aspect_ratio);
  if (size) parameters.set_size(*size);
  if (seed) parameters.set_seed(*seed);
  if (fps) parameters.set_fps(static_cast<int>(*fps));
  return generation;
}

void WriteGeneration(JsonWriter& out, const Generation& generation, const SignedLinks& links) {
  out.Object();
  out.Key("id").String(generation.id());
  out.Key("object").String("video.generation");
  out.Key("created").Int(generation.create_time().seconds());
  out.Key("model").String(generation.model());
  out.Key("provider").String(generation.provider());
  out.Key("status").String(StateName(generation.state()));
  out.Key("progress").Int(generation.progress());
  out.Key("prompt").String(generation.prompt());
  out.Key("parameters");
  WriteParameters(out, generation.parameters());
  out.Key("video");
  WriteVideo(out, generation, links);
  out.Key("usage");
  WriteUsage(out, generation);
  out.Key("error").StringOrNull(generation.error());
  out.Key("error_code").StringOrNull(generation.error_code());
  out.Key("completed_at");
  WriteTime(out, generation.has_complete_time(), generation.complete_time());
  out.EndObject();
}

void WriteProviderKey(JsonWriter& out, const vault::v1::ProviderKey& key) {
  out.Object();
  out.Key("id").Int(key.id());
  out.Key("provider").String(key.provider());
  out.Key("name").StringOrNull(key.name());
  out.Key("status").String(StatusName(key.status()));
  out.Key("last_validated");
  WriteTime(out, key.has_validate_time(), key.validate_time());
  out.Key("created_at");
  WriteTime(out, key.has_create_time(), key.create_time());
  out.Key("key_preview").String(key.preview());
  out.EndObject();
}

void WriteEstimate(JsonWriter& out, const generation::v1::EstimateCostResponse& estimate) {
  const Generation& generation = estimate.generation();
  const Parameters& parameters = generation.parameters();
  out.Object();
  out.Key("model").String(generation.model());
  out.Key("provider").String(generation.provider());
  out.Key("duration").Int(parameters.duration());
  out.Key("aspect_ratio").StringOrNull(parameters.aspect_ratio());
  out.Key("estimated_cost").Dollars(estimate.cost_micros());
  out.Key("per_second_rate").Dollars(estimate.per_second_micros());
  out.Key("resolution").StringOrNull(parameters.size());
  out.Key("breakdown").Object();
  out.Key("base").Dollars(estimate.cost_micros() -
                          estimate.per_second_micros() * parameters.duration());
  out.Key("duration_cost").Dollars(estimate.per_second_micros() * parameters.duration());
  out.EndObject();
  out.EndObject();
}

void WriteProvider(JsonWriter& out, const generation::v1::Provider& provider,
                   const std::string& key_status) {
  std::vector<std::string> names;
  std::vector<std::string> ratios;
  bool seed = false;
  bool fps = false;
  int longest = 0;
  for (const Model& model : provider.models()) {
    // What nobody can use any more is shown among the details only.
    if (model.stage() == generation::v1::MODEL_STAGE_RETIRED) continue;
    names.push_back(model.name());
    seed = seed || model.supports_seed();
    fps = fps || model.supports_fps();
    for (const int seconds : model.durations()) longest = std::max(longest, seconds);
    for (const std::string& ratio : model.aspect_ratios()) {
      if (std::find(ratios.begin(), ratios.end(), ratio) == ratios.end()) ratios.push_back(ratio);
    }
  }
  out.Object();
  out.Key("name").String(provider.name());
  out.Key("display_name").String(provider.display_name());
  out.Key("models");
  WriteStrings(out, names);
  out.Key("features").Object();
  out.Key("supports_duration").Bool(longest > 0);
  out.Key("supports_aspect_ratio").Bool(!ratios.empty());
  out.Key("supports_seed").Bool(seed);
  out.Key("supports_fps").Bool(fps);
  // No request field carries an image or a video yet, so nothing supports them.
  out.Key("supports_image_to_video").Bool(false);
  out.Key("supports_video_to_video").Bool(false);
  out.Key("max_duration").Int(longest);
  out.Key("available_aspect_ratios");
  WriteStrings(out, ratios);
  out.EndObject();
  out.Key("has_key").Bool(!key_status.empty());
  out.Key("key_status").StringOrNull(key_status);
  out.Key("simulated").Bool(provider.simulated());
  out.Key("model_details").Array();
  for (const Model& model : provider.models()) WriteModel(out, model);
  out.EndArray();
  out.EndObject();
}

const char* StateName(generation::v1::GenerationState state) {
  switch (state) {
    case generation::v1::GENERATION_STATE_QUEUED:
      return "queued";
    case generation::v1::GENERATION_STATE_COMPLETED:
      return "completed";
    case generation::v1::GENERATION_STATE_FAILED:
      return "failed";
    case generation::v1::GENERATION_STATE_CANCELLED:
      return "cancelled";
    default:
      return "processing";
  }
}

const char* StatusName(vault::v1::ProviderKeyStatus status) {
  switch (status) {
    case vault::v1::PROVIDER_KEY_STATUS_ACTIVE:
      return "active";
    case vault::v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED:
      return "quota_exceeded";
    case vault::v1::PROVIDER_KEY_STATUS_REVOKED:
      return "revoked";
    default:
      return "invalid";
  }
}

Timestamp ToTimestamp(std::chrono::system_clock::time_point time) {
  const auto nanos =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t fraction = (nanos % kSecond + kSecond) % kSecond;
  Timestamp result;
  result.set_seconds((nanos - fraction) / kSecond);
  result.set_nanos(static_cast<std::int32_t>(fraction));
  return result;
}

}  // namespace mediarouter::gateway
