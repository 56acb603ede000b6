#include "generation/proto_codec.h"

namespace mediarouter::generation {

using std::chrono::microseconds;
using std::chrono::milliseconds;

milliseconds Decode(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + milliseconds(duration.nanos() / 1'000'000);
}

void Encode(milliseconds duration, google::protobuf::Duration* out) {
  out->set_seconds(duration.count() / 1000);
  out->set_nanos(static_cast<int>(duration.count() % 1000) * 1'000'000);
}

Time Decode(const google::protobuf::Timestamp& time) {
  return Time(std::chrono::seconds(time.seconds()) + microseconds(time.nanos() / 1000));
}

void Encode(Time time, google::protobuf::Timestamp* out) {
  const auto micros = std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count();
  out->set_seconds(micros / 1'000'000);
  out->set_nanos(static_cast<int>(micros % 1'000'000) * 1000);
}

void Encode(const Generation& generation, pb::Generation* out) {
  out->set_id(generation.id);
  out->set_project_id(generation.project_id);
  out->set_provider(generation.provider);
  out->set_model(generation.model);
  out->set_prompt(generation.prompt);
  pb::Parameters* parameters = out->mutable_parameters();
  parameters->set_duration(generation.duration);
  parameters->set_aspect_ratio(generation.aspect_ratio);
  parameters->set_size(generation.size);
  if (generation.seed) parameters->set_seed(*generation.seed);
  if (generation.fps) parameters->set_fps(*generation.fps);
  out->set_state(static_cast<pb::GenerationState>(generation.state));
  out->set_step(static_cast<pb::GenerationStep>(generation.step));
  out->set_progress(generation.progress);
  // While it goes back into the queue the columns hold the last refusal, which is no error yet.
  if (generation.state == State::kFailed || generation.state == State::kCancelled) {
    out->set_error(generation.error);
    out->set_error_code(generation.error_code);
  }
  if (generation.video) {
    pb::Video* video = out->mutable_video();
    video->set_asset_id(generation.video->asset_id);
    video->set_duration_ms(generation.video->duration_ms);
    video->set_width(generation.video->width);
    video->set_height(generation.video->height);
    video->set_size_bytes(generation.video->size_bytes);
  }
  out->set_estimated_cost_micros(generation.estimated_cost_micros);
  if (generation.cost_micros) out->set_cost_micros(*generation.cost_micros);
  Encode(generation.created_at, out->mutable_create_time());
  if (generation.ended_at) Encode(*generation.ended_at, out->mutable_complete_time());
  if (generation.cancel_requested_at) {
    Encode(*generation.cancel_requested_at, out->mutable_cancel_request_time());
  }
  out->set_version(generation.version);
}

void Encode(const SubmitAttempt& attempt, pb::SubmitAttempt* out) {
  out->set_number(attempt.number);
  out->set_provider_key_id(attempt.provider_key_id);
  out->set_external_id(attempt.external_id);
  out->set_provider_job_id(attempt.provider_job_id);
  Encode(attempt.began_at, out->mutable_begin_time());
}

void Encode(const WorkItem& item, pb::WorkItem* out) {
  out->mutable_lease()->set_generation_id(item.lease.generation_id);
  out->mutable_lease()->set_token(item.lease.token);
  Encode(item.generation, out->mutable_generation());
  out->set_upstream_model(item.generation.upstream_model);
  out->set_upstream_seconds(std::to_string(item.generation.duration));
  out->set_upstream_size(item.generation.size);
  if (item.attempt) Encode(*item.attempt, out->mutable_attempt());
  out->set_catalog_cost_micros(item.generation.estimated_cost_micros);
}

void Encode(const Directive& directive, pb::WorkDirective* out) {
  out->set_action(static_cast<pb::WorkAction>(directive.action));
  Encode(directive.delay, out->mutable_delay());
  if (directive.attempt) Encode(*directive.attempt, out->mutable_attempt());
}

void Encode(const catalog::Provider& provider, pb::Provider* out) {
  out->set_name(provider.name);
  out->set_display_name(provider.display_name);
  out->set_simulated(provider.simulated);
  for (const catalog::Model& model : provider.models) {
    pb::Model* each = out->add_models();
    each->set_name(model.name);
    each->set_display_name(model.display_name);
    each->set_stage(model.retired ? pb::MODEL_STAGE_RETIRED : pb::MODEL_STAGE_ACTIVE);
    for (const int duration : model.durations) each->add_durations(duration);
    for (const catalog::SizeOption& size : model.sizes) {
      each->add_sizes(size.size);
      const auto& ratios = each->aspect_ratios();
      if (std::find(ratios.begin(), ratios.end(), size.aspect_ratio) == ratios.end()) {
        each->add_aspect_ratios(size.aspect_ratio);
      }
    }
    each->set_default_duration(model.default_duration);
    each->set_supports_seed(model.seed);
    each->set_supports_fps(model.fps);
    each->set_max_prompt_length(static_cast<int>(model.max_prompt_length));
    each->set_price_per_second_micros(model.sizes.front().micros_per_second);
  }
}

catalog::Wish DecodeWish(const pb::Generation& generation) {
  catalog::Wish wish;
  wish.model = generation.model();
  wish.provider = generation.provider();
  wish.prompt = generation.prompt();
  const pb::Parameters& parameters = generation.parameters();
  if (parameters.has_duration()) wish.duration = parameters.duration();
  if (parameters.has_aspect_ratio()) wish.aspect_ratio = parameters.aspect_ratio();
  if (parameters.has_size()) wish.size = parameters.size();
  if (parameters.has_seed()) wish.seed = parameters.seed();
  if (parameters.has_fps()) wish.fps = parameters.fps();
  return wish;
}

Lease Decode(const pb::Lease& lease) { return {lease.generation_id(), lease.token()}; }

Fault Decode(const pb::Fault& fault) {
  Fault result{.kind = static_cast<FaultKind>(fault.kind()), .message = fault.message()};
  if (fault.has_retry_after()) result.retry_after = Decode(fault.retry_after());
  return result;
}

Video Decode(const pb::Video& video) {
  return {.asset_id = video.asset_id(),
          .duration_ms = video.duration_ms(),
          .width = video.width(),
          .height = video.height(),
          .size_bytes = video.size_bytes()};
}

}  // namespace mediarouter::generation
