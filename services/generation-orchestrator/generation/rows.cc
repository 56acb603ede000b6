#include "generation/rows.h"

namespace mediarouter::generation {
namespace {

Time FromMicros(std::int64_t micros) { return Time(std::chrono::microseconds(micros)); }

template <typename T>
std::optional<T> Maybe(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return field.as<T>();
}

std::optional<Time> MaybeTime(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return FromMicros(field.as<std::int64_t>());
}

}  // namespace

std::string MicrosText(Time time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

Generation ReadGeneration(const pqxx::row& row) {
  Generation g;
  g.id = row["id"].as<std::string>();
  g.project_id = row["project_id"].as<std::string>();
  g.access_key_id = row["access_key_id"].as<std::string>();
  g.provider = row["provider"].as<std::string>();
  g.model = row["model"].as<std::string>();
  g.upstream_model = row["upstream_model"].as<std::string>();
  g.prompt = row["prompt"].as<std::string>();
  g.duration = row["duration"].as<int>();
  g.aspect_ratio = row["aspect_ratio"].as<std::string>();
  g.size = row["size"].as<std::string>();
  g.seed = Maybe<std::int64_t>(row["seed"]);
  g.fps = Maybe<int>(row["fps"]);
  g.state = ParseState(row["state"].as<std::string>());
  g.step = ParseStep(row["step"].as<std::string>());
  g.progress = row["progress"].as<int>();
  g.attempt = row["attempt"].as<int>();
  g.error = row["error"].as<std::string>("");
  g.error_code = row["error_code"].as<std::string>("");
  if (!row["asset_id"].is_null()) {
    g.video = Video{.asset_id = row["asset_id"].as<std::string>(),
                    .duration_ms = row["video_duration_ms"].as<std::int64_t>(),
                    .width = row["video_width"].as<int>(),
                    .height = row["video_height"].as<int>(),
                    .size_bytes = row["video_bytes"].as<std::int64_t>()};
  }
  g.price_version = row["price_version"].as<std::string>();
  g.estimated_cost_micros = row["estimated_cost_micros"].as<std::int64_t>();
  g.cost_micros = Maybe<std::int64_t>(row["cost_micros"]);
  g.created_at = FromMicros(row["created_us"].as<std::int64_t>());
  g.ended_at = MaybeTime(row["ended_us"]);
  g.cancel_requested_at = MaybeTime(row["cancel_us"]);
  g.deleted = row["deleted"].as<bool>();
  g.version = row["version"].as<std::int64_t>();
  return g;
}

std::optional<SubmitAttempt> ReadAttempt(const pqxx::row& row) {
  if (row["attempt_number"].is_null()) return std::nullopt;
  return SubmitAttempt{.number = row["attempt_number"].as<int>(),
                       .provider_key_id = row["provider_key_id"].as<std::int64_t>(),
                       .external_id = row["external_id"].as<std::string>(),
                       .request_id = row["request_id"].as<std::string>(),
                       .provider_job_id = row["provider_job_id"].as<std::string>(""),
                       .began_at = FromMicros(row["began_us"].as<std::int64_t>())};
}

}  // namespace mediarouter::generation
