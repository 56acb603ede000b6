#pragma once

#include <pqxx/pqxx>

#include "generation/generation.h"
#include "generation/work.h"

// Rows of schema `orchestrator` to domain structs; for the repositories only.
namespace mediarouter::generation {

// Columns of `generations g` that ReadGeneration wants. Times come as microseconds.
#define MR_GENERATION_COLUMNS                                                                   \
  "g.id, g.project_id, g.access_key_id, g.provider, g.model, g.upstream_model, g.prompt, "      \
  "g.duration, g.aspect_ratio, g.size, g.seed, g.fps, g.state, g.step, g.progress, g.attempt, " \
  "g.error, g.error_code, g.asset_id, g.video_duration_ms, g.video_width, g.video_height, "     \
  "g.video_bytes, g.price_version, g.estimated_cost_micros, g.cost_micros, g.version, "         \
  "(extract(epoch FROM g.created_at) * 1000000)::bigint AS created_us, "                        \
  "(extract(epoch FROM g.ended_at) * 1000000)::bigint AS ended_us, "                            \
  "(extract(epoch FROM g.cancel_requested_at) * 1000000)::bigint AS cancel_us, "                \
  "g.deleted_at IS NOT NULL AS deleted"

// Columns of `submit_attempts a` that ReadAttempt wants.
#define MR_ATTEMPT_COLUMNS                                                       \
  "a.number AS attempt_number, a.provider_key_id, a.external_id, a.request_id, " \
  "a.provider_job_id, "                                                          \
  "(extract(epoch FROM a.began_at) * 1000000)::bigint AS began_us"

Generation ReadGeneration(const pqxx::row& row);
std::optional<SubmitAttempt> ReadAttempt(const pqxx::row& row);  // nullopt after an outer join

std::string MicrosText(Time time);  // microseconds since the epoch, as a parameter

}  // namespace mediarouter::generation
