#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "media/blob_store.h"

namespace mediarouter::media {

// Free space that ingests leave alone: the greater of the two.
struct FreeSpaceReserve {
  std::int64_t bytes = std::int64_t{1} << 30;
  int percent = 5;
};

// Blobs as files of one file system:
//   incoming/<id>.<random>.part   being written
//   aa/bb/<id>.mp4                published; aa and bb are the first bytes of SHA-256(id) in hex
// Every name is made from an id of the shape of asset ids, and every file is reached from the root
// folder's descriptor without following links. Any number of processes may share the folder.
class VolumeBlobStore final : public BlobStore {
 public:
  // Makes the folder (0750) when it is missing. FailedPrecondition `storage_unusable`, with words
  // for the operator, when it cannot be made or written.
  static absl::StatusOr<std::unique_ptr<VolumeBlobStore>> Open(const std::string& root,
                                                               FreeSpaceReserve reserve);

  absl::Status CheckSpace(std::int64_t bytes) override;
  absl::StatusOr<std::unique_ptr<BlobWriter>> Create(const std::string& id) override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Open(const std::string& id) override;
  absl::Status Remove(const std::string& id) override;
  absl::StatusOr<std::int64_t> FreeBytes() override;
  absl::StatusOr<int> RemoveUnfinished(Time before) override;
  int shelves() const override { return 256; }
  absl::Status ListShelf(int shelf, Time before,
                         const std::function<void(std::string id)>& found) override;

 private:
  VolumeBlobStore(UniqueFd root, UniqueFd incoming, FreeSpaceReserve reserve)
      : root_(std::move(root)), incoming_(std::move(incoming)), reserve_(reserve) {}

  const UniqueFd root_;
  const UniqueFd incoming_;
  const FreeSpaceReserve reserve_;
};

}  // namespace mediarouter::media
