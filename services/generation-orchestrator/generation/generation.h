#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The domain's own words for a generation, without protos and SQL.
namespace mediarouter::generation {

using Time = std::chrono::system_clock::time_point;

// Public state. The order is the proto's.
enum class State { kUnspecified, kQueued, kProcessing, kCompleted, kFailed, kCancelled };

// The finer step within a state. The order is the proto's.
enum class Step {
  kUnspecified,
  kQueued,
  kSubmitting,
  kReconciling,
  kSubmitted,
  kStoring,
  kDone,
};

// As the database spells them. Parsing an unknown text gives kUnspecified.
std::string_view ToText(State state);
std::string_view ToText(Step step);
State ParseState(std::string_view text);
Step ParseStep(std::string_view text);

struct Video {
  std::string asset_id;
  std::int64_t duration_ms = 0;
  int width = 0;
  int height = 0;
  std::int64_t size_bytes = 0;
};

struct Generation {
  std::string id;
  std::string project_id;
  std::string access_key_id;
  std::string provider;
  std::string model;
  std::string upstream_model;
  std::string prompt;
  int duration = 0;          // seconds
  std::string aspect_ratio;  // "16:9"
  std::string size;          // "1280x720"
  std::optional<std::int64_t> seed;
  std::optional<int> fps;
  State state = State::kQueued;
  Step step = Step::kQueued;
  int progress = 0;  // percent
  int attempt = 0;   // number of the newest submit attempt, 0 before the first
  std::string error;
  std::string error_code;
  std::optional<Video> video;
  std::string price_version;
  std::int64_t estimated_cost_micros = 0;
  std::optional<std::int64_t> cost_micros;
  Time created_at;
  std::optional<Time> ended_at;
  std::optional<Time> cancel_requested_at;
  bool deleted = false;
  std::int64_t version = 1;
};

}  // namespace mediarouter::generation
