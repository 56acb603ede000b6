#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/clock.h"
#include "media/asset.h"
#include "media/asset_repository.h"
#include "media/blob_store.h"
#include "media/running_sha256.h"
#include "media/video_probe.h"

namespace mediarouter::media {

// What the service and its ingests work with.
struct AssetParts {
  AssetRepository& assets;
  BlobStore& blobs;
  VideoProbe& probe;
  const base::Clock& clock;
  std::chrono::milliseconds longest_ingest;
};

// One video coming in. Dropped before Finish has succeeded, it takes back what it did; a crash at
// any point leaves only what the sweep removes. Not thread-safe.
class Ingest {
 public:
  Ingest(const AssetParts& parts, std::string id, std::int64_t expected_bytes,
         base::Clock::SteadyTime started, std::unique_ptr<BlobWriter> writer);
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // InvalidArgument `output_unusable` when more comes than was announced, ResourceExhausted
  // `storage_full`, DeadlineExceeded `ingest_too_slow`, Internal `storage_failed`.
  absl::Status Write(std::string_view bytes);

  // Checks, publishes, and makes the asset READY. InvalidArgument `output_unusable`; Aborted
  // `ingest_lost` when it was deleted meanwhile; the errors of Write, the probe and the database.
  absl::StatusOr<Asset> Finish(const base::CallContext& call);

 private:
  absl::Status CheckLength() const;
  absl::StatusOr<Asset> Commit(const base::CallContext& call, const Asset& asset);

  const AssetParts& parts_;
  const std::string id_;
  const std::int64_t expected_bytes_;
  const base::Clock::SteadyTime started_;
  std::unique_ptr<BlobWriter> writer_;
  RunningSha256 sha256_;
  std::int64_t size_ = 0;
  std::int64_t space_checked_at_ = 0;
  bool published_ = false;
  bool ready_ = false;
};

// Exactly one of the two.
struct BegunIngest {
  std::optional<Asset> ready;  // it was READY already
  std::unique_ptr<Ingest> ingest;
};

struct OpenAsset {
  Asset asset;
  std::unique_ptr<BlobReader> reader;
};

// The rules of assets. Thread-safe; called from pool threads.
class AssetService {
 public:
  explicit AssetService(const AssetParts& parts) : parts_(parts) {}

  // InvalidArgument, Aborted `ingest_in_progress`, FailedPrecondition `asset_deleted`,
  // ResourceExhausted `storage_full`.
  absl::StatusOr<BegunIngest> BeginIngest(const base::CallContext& call, const std::string& id,
                                          std::int64_t expected_bytes);

  // READY ones only. NotFound `asset_not_found`.
  absl::StatusOr<Asset> Get(const base::CallContext& call, const std::string& id);

  // The same with its bytes. DataLoss `asset_bytes_missing`.
  absl::StatusOr<OpenAsset> Open(const base::CallContext& call, const std::string& id);

  // Repeatable; an id that never was is no error and cannot be ingested from then on.
  absl::Status Delete(const base::CallContext& call, const std::string& id);

 private:
  const AssetParts parts_;
};

}  // namespace mediarouter::media
