#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/job.h"
#include "sim/journal.h"

namespace mediarouter::sim {

struct ListQuery {
  std::string account;
  std::string protocol;
  std::string after;  // id of the last one of the page before; "" from the start
  std::size_t limit = 20;
  bool newest_first = true;
};

struct Page {
  std::vector<std::shared_ptr<const Job>> jobs;
  bool has_more = false;
};

struct Tally {
  std::uint64_t paid = 0;  // each job ever accepted, deleted ones too
  std::uint64_t queued = 0;
  std::uint64_t in_progress = 0;
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t deleted = 0;
  std::map<std::string, std::uint64_t> by_prompt;  // paid jobs of each prompt
};

// All jobs since the last reset. A deleted job is kept, hidden: it was paid. Thread-safe.
class JobStore {
 public:
  // Keeps the jobs in `dir` as well, so that they survive a restart; "" for memory only.
  static absl::StatusOr<std::unique_ptr<JobStore>> Open(const std::string& dir);

  // Unavailable when it cannot be kept; the job then does not exist.
  absl::Status Add(Job job);

  // Null when the account has no such job, or deleted it.
  std::shared_ptr<const Job> Find(std::string_view account, std::string_view protocol,
                                  const std::string& id) const;

  // Whoever made it; null when there is none. For links that carry their own right.
  std::shared_ptr<const Job> FindOfAnyone(const std::string& id) const;

  absl::Status Delete(const std::string& id);

  // NotFound when `after` is no job of the account.
  absl::StatusOr<Page> List(const ListQuery& query, std::int64_t now_ms) const;

  Tally Count(std::int64_t now_ms) const;

  absl::Status Reset();

 private:
  JobStore() = default;

  mutable std::mutex mutex_;
  std::unique_ptr<Journal> journal_;
  std::vector<StoredJob> jobs_;  // in the order in which they were accepted
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace mediarouter::sim
