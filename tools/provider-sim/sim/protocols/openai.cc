#include "sim/protocols/openai.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "obs/log.h"
#include "sim/accounts.h"
#include "sim/files.h"
#include "sim/interference.h"
#include "sim/protocols/openai_codec.h"

namespace mediarouter::sim::openai {
namespace {

using Answer = boost::asio::awaitable<http::Response>;
using JobPtr = std::shared_ptr<const Job>;

constexpr char kProtocol[] = "openai";

absl::Status NoSuchVideo(std::string_view id) {
  return base::NotFound("", "Video with id '{}' not found.", id.substr(0, 100));
}

// The account of the request's key.
absl::StatusOr<std::string> Authenticate(const Simulator& sim, const http::Request& request) {
  MR_ASSIGN_OR_RETURN(const std::string key, BearerKey(request));
  const KeyVerdict verdict = CheckKey(key, sim.api_keys);
  if (verdict == KeyVerdict::kInvalid) {
    return base::Unauthenticated("invalid_api_key", "Incorrect API key provided.");
  }
  if (verdict == KeyVerdict::kNoCredit && request.method == "POST") {
    return base::ResourceExhausted(
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.");
  }
  return AccountOf(key);
}

absl::StatusOr<JobPtr> FindJob(const Simulator& sim, const http::Request& request) {
  MR_ASSIGN_OR_RETURN(const std::string account, Authenticate(sim, request));
  const std::string& id = request.params.at("id");
  JobPtr job = sim.jobs->Find(account, kProtocol, id);
  if (!job) return NoSuchVideo(id);
  return job;
}

http::Response VideoResponse(const Job& job, const View& view, std::string_view status) {
  http::Response response = http::Response::Json(200, VideoObject(job, view, status));
  if (!IsFinal(view.status)) response.headers.Set("openai-poll-after-ms", "1000");
  return response;
}

// Faults that stay with the job.
Script ScriptOf(const Simulator& sim, const Plan& plan) {
  Script script{.render = std::chrono::milliseconds(sim.render_ms)};
  if (plan.Has(FaultKind::kRenderSeconds)) script.render = plan.fault->delay;
  if (plan.Has(FaultKind::kFail)) script.failure = plan.fault->failure;
  if (plan.Has(FaultKind::kNeverCompletes)) script.never_completes = true;
  if (plan.Has(FaultKind::kListHidden)) script.list_hidden = plan.fault->delay;
  return script;
}

http::Response Accept(Simulator& sim, const std::string& account, CreateRequest wanted,
                      const Plan& plan) {
  const std::int64_t now = sim.NowMs();
  Job job{.id = base::NewId("video_", sim.clock),
          .account = account,
          .protocol = kProtocol,
          .model = std::move(wanted.model),
          .prompt = std::move(wanted.prompt),
          .seconds = std::move(wanted.seconds),
          .size = std::move(wanted.size),
          .created_ms = now,
          .script = ScriptOf(sim, plan)};
  const View view = job.At(now);
  http::Response response = VideoResponse(job, view, StatusName(view.status));
  if (const absl::Status added = sim.jobs->Add(std::move(job)); !added.ok()) {
    obs::Log(obs::Level::kError, "a job cannot be kept", {{"error", base::Describe(added)}});
    return ErrorResponse(added);
  }
  return response;
}

Answer Create(Simulator& sim, http::Request& request) {
  sim.counters.Count(Op::kCreate);
  const auto account = Authenticate(sim, request);
  if (!account.ok()) co_return ErrorResponse(account.status());
  auto wanted = ParseCreate(request);
  if (!wanted.ok()) co_return ErrorResponse(wanted.status());
  const Plan plan = sim.faults.Take(Op::kCreate, wanted->prompt);
  std::optional<http::Response> early = co_await Before(plan, ErrorOfStatus);
  if (early) co_return *std::move(early);
  co_return After(plan, Accept(sim, *account, *std::move(wanted), plan), ErrorOfStatus);
}

http::Response Show(const Job& job, std::int64_t now_ms, const Plan& plan) {
  View view = job.At(now_ms);
  std::string_view status = StatusName(view.status);
  if (plan.Has(FaultKind::kJobForgotten)) return ErrorResponse(NoSuchVideo(job.id));
  if (plan.Has(FaultKind::kProgressBackwards)) view.progress /= 2;
  if (plan.Has(FaultKind::kUnknownStatus)) {
    view = {JobStatus::kInProgress, view.progress, {}};
    status = plan.fault->status;
  }
  return VideoResponse(job, view, status);
}

Answer Retrieve(Simulator& sim, http::Request& request) {
  sim.counters.Count(Op::kPoll);
  const auto job = FindJob(sim, request);
  if (!job.ok()) co_return ErrorResponse(job.status());
  const Plan plan = sim.faults.Take(Op::kPoll, (*job)->prompt);
  std::optional<http::Response> early = co_await Before(plan, ErrorOfStatus);
  if (early) co_return *std::move(early);
  co_return After(plan, Show(**job, sim.NowMs(), plan), ErrorOfStatus);
}

Answer List(Simulator& sim, http::Request& request) {
  sim.counters.Count(Op::kList);
  const auto account = Authenticate(sim, request);
  if (!account.ok()) co_return ErrorResponse(account.status());
  auto query = ParseList(request);
  if (!query.ok()) co_return ErrorResponse(query.status());
  query->account = *account;
  const Plan plan = sim.faults.Take(Op::kList, "");
  std::optional<http::Response> early = co_await Before(plan, ErrorOfStatus);
  if (early) co_return *std::move(early);
  const std::int64_t now = sim.NowMs();
  const auto page = sim.jobs->List(*query, now);
  if (!page.ok()) co_return ErrorResponse(NoSuchVideo(query->after));
  co_return After(plan, http::Response::Json(200, VideoList(*page, now)), ErrorOfStatus);
}

Answer Delete(Simulator& sim, http::Request& request) {
  sim.counters.Count(Op::kDelete);
  const auto job = FindJob(sim, request);
  if (!job.ok()) co_return ErrorResponse(job.status());
  const Plan plan = sim.faults.Take(Op::kDelete, (*job)->prompt);
  std::optional<http::Response> early = co_await Before(plan, ErrorOfStatus);
  if (early) co_return *std::move(early);
  const std::string& id = (*job)->id;
  if (!IsFinal((*job)->At(sim.NowMs()).status)) {
    co_return ErrorResponse(base::InvalidArgument(
        "", "Video '{}' cannot be deleted before it is completed or failed.", id));
  }
  const absl::Status deleted = sim.jobs->Delete(id);
  if (absl::IsNotFound(deleted)) co_return ErrorResponse(NoSuchVideo(id));
  if (!deleted.ok()) co_return ErrorResponse(deleted);
  co_return After(plan, http::Response::Json(200, DeletedObject(id)), ErrorOfStatus);
}

// Why there is nothing to download; OK when there is.
absl::Status CheckDownload(const Job& job, std::int64_t now_ms, const Plan& plan) {
  const View view = job.At(now_ms);
  if (view.status != JobStatus::kCompleted) {
    return base::NotFound(
        "", "Video is not ready yet, use GET /v1/videos/{{video_id}} to check status.");
  }
  const bool expired = now_ms / 1000 >= ExpiresAt(job.created_ms + job.script.render.count());
  if (expired || plan.Has(FaultKind::kCompletedWithoutContent)) {
    return base::NotFound("", "The content of video '{}' is no longer available.", job.id);
  }
  return absl::OkStatus();
}

http::Response LinkTo(const http::Request& request, const Job& job, bool expired) {
  http::Response response;
  response.status = 302;
  response.headers.Set("location", fmt::format("http://{}/__sim/files/{}{}",
                                               request.headers.GetOr("host", "127.0.0.1"), job.id,
                                               expired ? "?expired=1" : ""));
  return response;
}

Answer Content(Simulator& sim, http::Request& request) {
  sim.counters.Count(Op::kContent);
  const auto job = FindJob(sim, request);
  if (!job.ok()) co_return ErrorResponse(job.status());
  const absl::Status query = CheckContentQuery(request);
  if (!query.ok()) co_return ErrorResponse(query);
  const Plan plan = sim.faults.Take(Op::kContent, (*job)->prompt);
  std::optional<http::Response> early = co_await Before(plan, ErrorOfStatus);
  if (early) co_return *std::move(early);
  const absl::Status available = CheckDownload(**job, sim.NowMs(), plan);
  if (!available.ok()) co_return ErrorResponse(available);
  const bool expired = plan.Has(FaultKind::kExpiredLink);
  if (expired || plan.Has(FaultKind::kRedirect)) co_return LinkTo(request, **job, expired);
  const absl::StatusOr<Clip> clip = co_await sim.clips.Get(SpecOf(**job));
  if (!clip.ok()) {
    obs::Log(obs::Level::kError, request.context, "cannot render",
             {{"error", base::Describe(clip.status())}});
    co_return ErrorOfStatus(500, "The server had an error while processing your request.");
  }
  co_return After(plan, ClipResponse(request, *clip), ErrorOfStatus);
}

Answer Models(Simulator& sim, http::Request& request) {
  sim.counters.Count(Op::kModels);
  const auto account = Authenticate(sim, request);
  if (!account.ok()) co_return ErrorResponse(account.status());
  const Plan plan = sim.faults.Take(Op::kModels, "");
  std::optional<http::Response> early = co_await Before(plan, ErrorOfStatus);
  if (early) co_return *std::move(early);
  co_return After(plan, http::Response::Json(200, ModelList()), ErrorOfStatus);
}

}  // namespace

void AddRoutes(http::Router& router, Simulator& simulator) {
  using Operation = Answer (*)(Simulator&, http::Request&);
  const auto add = [&](std::string_view method, std::string_view pattern, Operation operation) {
    router.Add(method, pattern, [&simulator, operation](http::Request& request) {
      return operation(simulator, request);
    });
  };
  add("POST", "/v1/videos", Create);
  add("GET", "/v1/videos", List);
  add("GET", "/v1/videos/{id}", Retrieve);
  add("DELETE", "/v1/videos/{id}", Delete);
  add("GET", "/v1/videos/{id}/content", Content);
  add("GET", "/v1/models", Models);
}

}  // namespace mediarouter::sim::openai
