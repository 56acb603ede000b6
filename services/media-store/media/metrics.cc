#include "media/metrics.h"

#include "obs/metrics.h"

namespace mediarouter::media {

void CountIngested(std::int64_t bytes, double seconds) {
  obs::Count("mediarouter_media_ingested_bytes_total", "Bytes of videos that became READY.", {},
             static_cast<double>(bytes));
  obs::ObserveSeconds("mediarouter_media_ingest_seconds",
                      "Time from a video's first byte until it was READY.", {}, seconds);
}

void SetFreeBytes(std::int64_t bytes) {
  obs::SetGauge("mediarouter_media_free_bytes",
                "Bytes that may still be stored before ingests are refused.", {},
                static_cast<double>(bytes));
}

void CountSwept(const char* kind, int amount) {
  if (amount == 0) return;
  obs::Count("mediarouter_media_swept_total", "Leftovers that the sweep removed.", {{"kind", kind}},
             amount);
}

}  // namespace mediarouter::media
