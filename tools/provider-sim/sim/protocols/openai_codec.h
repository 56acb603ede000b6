#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "sim/job.h"
#include "sim/job_store.h"

// The words of OpenAI's Videos API: requests to values, values to answers. Pure.
namespace mediarouter::sim::openai {

struct CreateRequest {
  std::string prompt;
  std::string model = "sora-2";
  std::string seconds = "4";
  std::string size = "720x1280";
};

// Reads a JSON or multipart body as strictly as the real server: every fault is an InvalidArgument
// that names the parameter.
absl::StatusOr<CreateRequest> ParseCreate(const http::Request& request);

// Reads the query of a list. `account` stays empty.
absl::StatusOr<ListQuery> ParseList(const http::Request& request);

// Only `variant=video` can be had.
absl::Status CheckContentQuery(const http::Request& request);

// The token of "Authorization: Bearer ...". Unauthenticated when there is none.
absl::StatusOr<std::string> BearerKey(const http::Request& request);

// The 13 fields. `view` may differ from what the job's timeline says.
std::string VideoObject(const Job& job, const View& view, std::string_view status);
std::string_view StatusName(JobStatus status);
// Unix seconds at which the content of a job that completed at `completed_ms` can no longer be had.
std::int64_t ExpiresAt(std::int64_t completed_ms);

std::string VideoList(const Page& page, std::int64_t now_ms);
std::string DeletedObject(std::string_view id);
std::string ModelList();

http::Response ErrorResponse(const absl::Status& status);
// An error that only has a status.
http::Response ErrorOfStatus(int status, std::string_view message);

}  // namespace mediarouter::sim::openai
