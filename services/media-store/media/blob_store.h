#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "media/unique_fd.h"

namespace mediarouter::media {

// One blob on its way in: Write..., Seal, Publish. Dropped before Publish, it leaves nothing.
// Not thread-safe.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;

  // ResourceExhausted `storage_full` (with a retry delay), Internal `storage_failed`.
  virtual absl::Status Write(std::string_view bytes) = 0;
  // Makes what was written durable. Nothing may be written after.
  virtual absl::Status Seal() = 0;
  // What was written, for reading only: handed to the probe.
  virtual absl::StatusOr<UniqueFd> OpenForReading() = 0;
  // Gives the blob its final name, durably, and returns it as a path below the store's root. Never
  // replaces: AlreadyExists `blob_exists`.
  virtual absl::StatusOr<std::string> Publish() = 0;
};

// One published blob. Not thread-safe.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual std::int64_t size() const = 0;
  // Up to `length` bytes from `offset`; fewer only at the end. DataLoss `storage_failed`.
  virtual absl::StatusOr<std::string> ReadAt(std::int64_t offset, std::size_t length) = 0;
};

// Where the bytes of assets live. Blobs are named by asset id. Thread-safe.
class BlobStore {
 public:
  using Time = std::chrono::system_clock::time_point;

  virtual ~BlobStore() = default;

  // ResourceExhausted `storage_full` (with a retry delay) when `bytes` more (0: unknown) would
  // leave less free space than is kept in reserve.
  virtual absl::Status CheckSpace(std::int64_t bytes) = 0;
  // Begins a blob.
  virtual absl::StatusOr<std::unique_ptr<BlobWriter>> Create(const std::string& id) = 0;
  // NotFound `blob_missing`.
  virtual absl::StatusOr<std::unique_ptr<BlobReader>> Open(const std::string& id) = 0;
  // Removes a published blob; OK when there is none.
  virtual absl::Status Remove(const std::string& id) = 0;

  // Bytes that may still be written before `storage_full`.
  virtual absl::StatusOr<std::int64_t> FreeBytes() = 0;

  // For the sweep: removes what was begun, never published, and not touched since `before`.
  // Returns how many.
  virtual absl::StatusOr<int> RemoveUnfinished(Time before) = 0;
  // Published blobs lie in this many shelves; lists those of one that are older than `before`.
  virtual int shelves() const = 0;
  virtual absl::Status ListShelf(int shelf, Time before,
                                 const std::function<void(std::string id)>& found) = 0;
};

}  // namespace mediarouter::media
