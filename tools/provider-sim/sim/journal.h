#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/job.h"

namespace mediarouter::sim {

struct StoredJob {
  std::shared_ptr<const Job> job;
  bool deleted = false;
};

// The store's file: one JSON object a line, only ever appended to, rewritten compactly at start.
// A line is written with one write(2), so killing the process loses nothing that was answered; the
// power going out may. Not thread-safe.
class Journal {
 public:
  // Makes the folder if need be and reads what is there; a torn last line is dropped.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& dir,
                                                       std::vector<StoredJob>& jobs);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  absl::Status Accepted(const Job& job);
  absl::Status Deleted(std::string_view id);
  absl::Status Clear();

 private:
  explicit Journal(int fd) : fd_(fd) {}
  absl::Status Append(const std::string& line);

  const int fd_;
};

}  // namespace mediarouter::sim
