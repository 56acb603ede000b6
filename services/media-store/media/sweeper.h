#pragma once

#include <chrono>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/shutdown.h"
#include "media/asset_repository.h"
#include "media/blob_store.h"

namespace mediarouter::media {

// Removes what crashes and deletes left behind, and nothing younger than the longest ingest:
// unfinished blobs, rows that are `ingesting` or `deleted` with their bytes, bytes without a row.
// Any number of processes may sweep one volume. Thread-safe.
class Sweeper {
 public:
  Sweeper(AssetRepository& assets, BlobStore& blobs, const base::Clock& clock,
          std::chrono::milliseconds longest_ingest);
  ~Sweeper();  // Stop()

  // Sweeps now and every `interval`, on a thread of its own, a part of the shelves at a time.
  void Start(std::chrono::milliseconds interval);
  // Ends the thread after the step that it is in. May be called again.
  void Stop();

  // One sweep over `shelves` shelves of the store; each call goes on where the last one ended.
  // Faults are logged and left to the next sweep.
  void Sweep(int shelves);

 private:
  void RemoveStaleRows(base::Clock::SystemTime before);
  void RemoveOrphans(int shelf, base::Clock::SystemTime before);

  AssetRepository& assets_;
  BlobStore& blobs_;
  const base::Clock& clock_;
  const std::chrono::milliseconds min_age_;
  std::mutex sweeping_;
  int next_shelf_;  // guarded by sweeping_
  base::Shutdown stop_;
  std::thread thread_;
};

}  // namespace mediarouter::media
