#include "worker/storer.h"

#include <algorithm>

#include "base/fail_point.h"
#include "base/id.h"
#include "base/strings.h"
#include "httpc/url.h"
#include "providers/http_errors.h"
#include "rpc/awaitable_stream.h"
#include "worker/exchange.h"
#include "worker/proto_codec.h"

namespace mediarouter::worker {
namespace {

using Calls = Orchestrator::Calls;
using MediaCalls = class media::v1::MediaService::Stub::async;
using media::v1::Asset;
using media::v1::IngestAssetRequest;

constexpr milliseconds kHeadBudget{60'000};
// A download is bounded by its stalls; this only bounds a media-store that has gone silent.
constexpr milliseconds kIngestBudget = std::chrono::hours(2);
constexpr int kMostRedirects = 3;
constexpr milliseconds kFirstRetry{500};
constexpr milliseconds kLongestRetry{30'000};
constexpr milliseconds kLongestRetryAfter{600'000};
// When a provider has kept its video back for so long it never gives it out.
constexpr auto kTroublePatience = std::chrono::hours(72);

// The provider has ended the job with something that is no video. Everything else is trouble on
// the way, and the video still waits at its provider.
bool IsUnusable(const absl::Status& status) {
  const std::string reason = base::Reason(status);
  return reason == "output_unusable" || reason == "truncated" || reason == "stalled" ||
         reason == "ingest_too_slow";
}

absl::Status CheckHead(const httpc::HttpResponse& head) {
  if (head.status == 200) {
    const std::string type = base::ToLower(head.Header("content-type").value_or(""));
    const bool text = type.starts_with("text/") || type.find("json") != std::string::npos ||
                      type.find("xml") != std::string::npos;
    if (!text) return absl::OkStatus();
    return base::DataLoss("output_unusable", "the provider sent {} instead of a video",
                          type.substr(0, type.find(';')));
  }
  const bool trouble = head.status >= 500 || head.status == 429 || head.status == 408 ||
                       head.status == 401 || head.status == 425;
  if (!trouble) {
    return base::DataLoss("output_unusable", "the provider answered {} for the video", head.status);
  }
  absl::Status status = base::Unavailable("provider_unavailable",
                                          "the provider answered {} for the video", head.status);
  const auto retry_after = providers::RetryAfterOf(head);
  return retry_after ? base::WithRetryAfter(std::move(status), *retry_after) : status;
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

awaitable<void> Storer::Store(Job& job) {
  const auto begin = Clock::now();
  base::Backoff backoff(kFirstRetry, kLongestRetry);
  std::optional<Clock::time_point> unusable_since;
  while (!job.over()) {
    const auto asset = co_await StoreOnce(job);
    if (asset.ok()) {
      MR_FAIL_POINT("worker.stored");
      if (co_await Complete(job, *asset)) co_return;
      continue;
    }
    if (job.over()) co_return;
    const bool unusable = IsUnusable(asset.status());
    obs::Log(obs::Level::kWarn, "the video could not be stored yet",
             {{"generation_id", job.id()},
              {"provider", job.provider_name()},
              {"error", base::Describe(asset.status())}});
    obs::Count("mediarouter_worker_store_retries_total", "Copies of videos that failed.",
               {{"provider", job.provider_name()}, {"unusable", unusable ? "true" : "false"}});
    milliseconds delay = backoff.Next();
    if (unusable) {
      if (!unusable_since) unusable_since = Clock::now();
    } else if (const auto retry_after = base::RetryAfter(asset.status())) {
      delay = std::max(delay, std::min(*retry_after, kLongestRetryAfter));
    }
    const auto next = Clock::now() + delay;
    const bool hopeless = (unusable_since && next - *unusable_since >= config_.output_retry) ||
                          next - begin >= kTroublePatience;
    if (hopeless) {
      co_await Fail(job);
      co_return;
    }
    co_await job.Sleep(delay);
  }
}

awaitable<absl::StatusOr<Asset>> Storer::StoreOnce(Job& job) {
  // Held for one try only: a provider that has trouble waits outside.
  const Semaphore::Permit permit = co_await turns_.Of(job.provider_name()).Acquire();
  if (!permit || job.over()) co_return base::Cancelled("job_over", "the job is over");
  auto download = co_await Open(job);
  if (!download.ok()) co_return download.status();
  co_return co_await Ingest(job, **download);
}

awaitable<absl::StatusOr<std::unique_ptr<httpc::HttpDownload>>> Storer::Open(Job& job) {
  const auto key = co_await keys_.Get(job.attempt.provider_key_id());
  if (!key.ok()) co_return key.status();
  providers::Step<providers::ContentSource> step =
      job.provider->Content(job.attempt.provider_job_id(), (*key)->Reveal());
  ExchangeLabel label;
  label.provider = job.provider_name();
  label.operation = "content";
  const auto source =
      co_await RunExchange<providers::ContentSource>(client_, label, std::move(step), kHeadBudget);
  if (!source.ok()) co_return source.status();

  httpc::HttpRequest request = source->request;
  request.timeout = kHeadBudget;
  const std::string origin = request.url;
  for (int hop = 0;; ++hop) {
    const auto begin = Clock::now();
    auto download = co_await client_.Open(request);
    ObserveExchange(label, download.status(), download.ok() ? (*download)->Head().status : 0,
                    begin);
    if (!download.ok()) co_return download.status();
    const httpc::HttpResponse& head = (*download)->Head();
    const auto location = head.Header("location");
    if (!IsRedirect(head.status) || !location) {
      const absl::Status usable = CheckHead(head);
      if (!usable.ok()) co_return usable;
      co_return std::move(download);
    }
    const auto target = httpc::ResolveUrl(request.url, std::string(*location));
    if (hop == kMostRedirects || !target.ok()) {
      co_return base::DataLoss("output_unusable", "the provider's redirects lead nowhere");
    }
    request.url = *target;
    // The key is for the provider's own host, which alone may be a private one.
    if (!httpc::SameOrigin(request.url, origin)) {
      request.headers.clear();
      request.trusted_host = false;
    }
  }
}

awaitable<absl::StatusOr<Asset>> Storer::Ingest(Job& job, httpc::HttpDownload& download) {
  pb::BeginStoreRequest announcement;
  *announcement.mutable_lease() = job.item.lease();
  announcement.set_asset_id(base::NewId("ast_"));
  const std::string asset_id = announcement.asset_id();
  const auto announced =
      co_await orchestrator_.Report<pb::BeginStoreRequest, google::protobuf::Empty>(
          job, &Calls::BeginStore, std::move(announcement));
  if (!announced) co_return base::Cancelled("job_over", "the job is over");

  rpc::AwaitableWriter<IngestAssetRequest, Asset> writer(
      base::CallContext::Background(job.id(), kIngestBudget));
  writer.Start(media_->async(), &MediaCalls::IngestAsset);
  IngestAssetRequest header;
  header.mutable_header()->set_asset_id(asset_id);
  header.mutable_header()->set_expected_bytes(
      static_cast<std::int64_t>(download.ContentLength().value_or(0)));
  bool open = co_await writer.Write(std::move(header));
  while (open) {
    // A failure here drops the writer, and with it what media-store has of the video so far.
    absl::StatusOr<std::string> chunk = co_await download.Read();
    if (!chunk.ok()) co_return chunk.status();
    if (job.over()) co_return base::Cancelled("job_over", "the job is over");
    if (chunk->empty()) break;
    IngestAssetRequest part;
    part.set_chunk(*std::move(chunk));
    open = co_await writer.Write(std::move(part));
  }
  co_return co_await writer.Finish();
}

awaitable<bool> Storer::Complete(Job& job, const Asset& asset) {
  pb::CompleteGenerationRequest request;
  *request.mutable_lease() = job.item.lease();
  Encode(asset, request.mutable_video());
  const auto done = co_await orchestrator_.Report<pb::CompleteGenerationRequest, pb::WorkDirective>(
      job, &Calls::CompleteGeneration, std::move(request));
  if (!done) co_return true;
  if (done->action() == pb::WORK_ACTION_STORE) co_return false;
  MR_FAIL_POINT("worker.completed");
  job.lost = true;  // it has ended
  obs::Log(obs::Level::kInfo, "the video is stored",
           {{"generation_id", job.id()},
            {"provider", job.provider_name()},
            {"asset_id", asset.id()},
            {"bytes", asset.size_bytes()}});
  co_return true;
}

awaitable<void> Storer::Fail(Job& job) {
  pb::FailOutputRequest request;
  *request.mutable_lease() = job.item.lease();
  request.set_message("the provider finished, but its output could not be used");
  const auto done = co_await orchestrator_.Report<pb::FailOutputRequest, google::protobuf::Empty>(
      job, &Calls::FailOutput, std::move(request));
  if (done) job.lost = true;
}

}  // namespace mediarouter::worker
