#include "media/asset_service.h"

#include <utility>

#include "base/fail_point.h"
#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "media/metrics.h"
#include "obs/log.h"

namespace mediarouter::media {
namespace {

constexpr auto kTidyBudget = std::chrono::seconds(10);
constexpr std::int64_t kSpaceCheckStep = std::int64_t{64} << 20;

absl::Status OutputUnusable(std::string_view why) {
  return base::InvalidArgument("output_unusable", "not a usable video: {}", why);
}

absl::Status RequireId(std::string_view id) {
  if (base::IsId("ast_", id)) return absl::OkStatus();
  return base::WithParam(base::InvalidArgument("invalid_asset_id", "not an asset id"), "id");
}

absl::Status AlreadyThere(const Asset& asset) {
  if (asset.state == AssetState::kDeleted) {
    return base::FailedPrecondition("asset_deleted", "{} was deleted", asset.id);
  }
  return base::Aborted("ingest_in_progress", "{} is coming in already", asset.id);
}

// For what must be tidied up though the caller is gone or its time is over.
base::CallContext Tidying(const std::string& id) {
  return base::CallContext::Background("tidy " + id, kTidyBudget);
}

}  // namespace

Ingest::Ingest(const AssetParts& parts, std::string id, std::int64_t expected_bytes,
               base::Clock::SteadyTime started, std::unique_ptr<BlobWriter> writer)
    : parts_(parts),
      id_(std::move(id)),
      expected_bytes_(expected_bytes),
      started_(started),
      writer_(std::move(writer)) {}

Ingest::~Ingest() {
  if (ready_) return;
  writer_.reset();
  // The row first: as long as it might be READY, its bytes must stay.
  const absl::StatusOr<bool> abandoned = parts_.assets.Abandon(Tidying(id_), id_);
  absl::Status status = abandoned.status();
  if (abandoned.ok() && *abandoned && published_) status = parts_.blobs.Remove(id_);
  if (!status.ok()) {
    obs::Log(obs::Level::kWarn, "what an ingest left is for the sweep",
             {{"asset_id", id_}, {"error", base::Describe(status)}});
  }
}

absl::Status Ingest::Write(std::string_view bytes) {
  if (parts_.clock.Steady() - started_ > parts_.longest_ingest) {
    return base::DeadlineExceeded("ingest_too_slow", "{} took longer than {} s to come in", id_,
                                  parts_.longest_ingest.count() / 1000);
  }
  size_ += static_cast<std::int64_t>(bytes.size());
  if (expected_bytes_ > 0 && size_ > expected_bytes_) {
    return OutputUnusable(
        fmt::format("more than the {} bytes that were announced", expected_bytes_));
  }
  if (size_ - space_checked_at_ >= kSpaceCheckStep) {
    space_checked_at_ = size_;
    MR_RETURN_IF_ERROR(parts_.blobs.CheckSpace(0));
  }
  MR_RETURN_IF_ERROR(writer_->Write(bytes));
  sha256_.Add(bytes);
  return absl::OkStatus();
}

absl::Status Ingest::CheckLength() const {
  if (size_ == 0) return OutputUnusable("no bytes came");
  if (expected_bytes_ > 0 && size_ != expected_bytes_) {
    return OutputUnusable(fmt::format("{} of {} bytes came", size_, expected_bytes_));
  }
  return absl::OkStatus();
}

absl::StatusOr<Asset> Ingest::Finish(const base::CallContext& call) {
  MR_RETURN_IF_ERROR(CheckLength());
  MR_ASSIGN_OR_RETURN(const UniqueFd file, writer_->OpenForReading());
  MR_ASSIGN_OR_RETURN(const VideoInfo info, parts_.probe.Inspect(file.get()));
  MR_RETURN_IF_ERROR(writer_->Seal());
  // A stream that breaks off may look like one that ended; by now it is known which it was.
  if (call.Cancelled()) return base::Cancelled("cancelled", "the caller went away");
  Asset asset;
  asset.id = id_;
  asset.size_bytes = size_;
  asset.sha256 = sha256_.Hex();
  asset.content_type = info.content_type;
  asset.duration_ms = info.duration_ms;
  asset.width = info.width;
  asset.height = info.height;
  MR_ASSIGN_OR_RETURN(asset.volume_path, writer_->Publish());
  published_ = true;
  MR_FAIL_POINT("media.renamed");
  MR_ASSIGN_OR_RETURN(asset, Commit(call, asset));
  MR_FAIL_POINT("media.ready");
  const std::chrono::duration<double> took = parts_.clock.Steady() - started_;
  CountIngested(size_, took.count());
  return asset;
}

absl::StatusOr<Asset> Ingest::Commit(const base::CallContext& call, const Asset& asset) {
  absl::StatusOr<Asset> ready = parts_.assets.MarkReady(call, asset);
  if (!ready.ok() && base::Reason(ready.status()) != "ingest_lost") {
    // The answer may have been lost on its way: only the row tells.
    const absl::StatusOr<Asset> row = parts_.assets.Find(Tidying(id_), id_);
    if (row.ok() && row->state == AssetState::kReady) ready = row;
  }
  ready_ = ready.ok();
  return ready;
}

absl::StatusOr<BegunIngest> AssetService::BeginIngest(const base::CallContext& call,
                                                      const std::string& id,
                                                      std::int64_t expected_bytes) {
  MR_RETURN_IF_ERROR(RequireId(id));
  if (expected_bytes < 0) {
    return base::InvalidArgument("invalid_expected_bytes", "expected_bytes is negative");
  }
  // Before the row is made, so that a full disk costs nothing but this.
  const absl::Status space = parts_.blobs.CheckSpace(expected_bytes);
  if (!space.ok()) {
    const absl::StatusOr<Asset> known = parts_.assets.Find(call, id);
    if (known.ok() && known->state == AssetState::kReady) return BegunIngest{*known, nullptr};
    return space;
  }
  // Before the row: by its age the sweep judges, so the ingest's own time may not begin later.
  const auto started = parts_.clock.Steady();
  MR_ASSIGN_OR_RETURN(const std::optional<Asset> known, parts_.assets.Begin(call, id));
  if (known && known->state == AssetState::kReady) return BegunIngest{*known, nullptr};
  if (known) return AlreadyThere(*known);
  absl::StatusOr<std::unique_ptr<BlobWriter>> writer = parts_.blobs.Create(id);
  if (!writer.ok()) {
    parts_.assets.Abandon(Tidying(id), id).IgnoreError();
    return writer.status();
  }
  return BegunIngest{std::nullopt, std::make_unique<Ingest>(parts_, id, expected_bytes, started,
                                                            *std::move(writer))};
}

absl::StatusOr<Asset> AssetService::Get(const base::CallContext& call, const std::string& id) {
  if (base::IsId("ast_", id)) {
    absl::StatusOr<Asset> asset = parts_.assets.Find(call, id);
    if (!asset.ok() && !absl::IsNotFound(asset.status())) return asset.status();
    if (asset.ok() && asset->state == AssetState::kReady) return asset;
  }
  return base::NotFound("asset_not_found", "there is no such asset");
}

absl::StatusOr<OpenAsset> AssetService::Open(const base::CallContext& call, const std::string& id) {
  MR_ASSIGN_OR_RETURN(Asset asset, Get(call, id));
  absl::StatusOr<std::unique_ptr<BlobReader>> reader = parts_.blobs.Open(id);
  if (!reader.ok() && !absl::IsNotFound(reader.status())) return reader.status();
  if (!reader.ok() || (*reader)->size() != asset.size_bytes) {
    // A delete may have come between the row and the bytes.
    MR_RETURN_IF_ERROR(Get(call, id).status());
    return base::DataLoss("asset_bytes_missing", "the bytes of {} are not what was stored", id);
  }
  return OpenAsset{std::move(asset), *std::move(reader)};
}

absl::Status AssetService::Delete(const base::CallContext& call, const std::string& id) {
  MR_RETURN_IF_ERROR(RequireId(id));
  // The row first: from then on nobody is given the bytes, and the sweep knows them.
  MR_RETURN_IF_ERROR(parts_.assets.MarkDeleted(call, id));
  return parts_.blobs.Remove(id);
}

}  // namespace mediarouter::media
