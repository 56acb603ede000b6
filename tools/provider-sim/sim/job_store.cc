#include "sim/job_store.h"

#include <utility>

#include "base/status.h"
#include "base/status_macros.h"

namespace mediarouter::sim {

absl::StatusOr<std::unique_ptr<JobStore>> JobStore::Open(const std::string& dir) {
  std::unique_ptr<JobStore> store(new JobStore());
  if (!dir.empty()) {
    MR_ASSIGN_OR_RETURN(store->journal_, Journal::Open(dir, store->jobs_));
    for (std::size_t i = 0; i < store->jobs_.size(); ++i) {
      store->index_.emplace(store->jobs_[i].job->id, i);
    }
  }
  return store;
}

absl::Status JobStore::Add(Job job) {
  const auto kept = std::make_shared<const Job>(std::move(job));
  const std::lock_guard lock(mutex_);
  if (journal_) MR_RETURN_IF_ERROR(journal_->Accepted(*kept));
  index_.emplace(kept->id, jobs_.size());
  jobs_.push_back({kept, false});
  return absl::OkStatus();
}

std::shared_ptr<const Job> JobStore::Find(std::string_view account, std::string_view protocol,
                                          const std::string& id) const {
  std::shared_ptr<const Job> job = FindOfAnyone(id);
  return job && job->account == account && job->protocol == protocol ? job : nullptr;
}

std::shared_ptr<const Job> JobStore::FindOfAnyone(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(id);
  if (found == index_.end() || jobs_[found->second].deleted) return nullptr;
  return jobs_[found->second].job;
}

absl::Status JobStore::Delete(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(id);
  if (found == index_.end() || jobs_[found->second].deleted) {
    return base::NotFound("video_not_found", "there is no job {}", id);
  }
  if (journal_) MR_RETURN_IF_ERROR(journal_->Deleted(id));
  jobs_[found->second].deleted = true;
  return absl::OkStatus();
}

absl::StatusOr<Page> JobStore::List(const ListQuery& query, std::int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(jobs_.size());
  const std::ptrdiff_t step = query.newest_first ? -1 : 1;
  std::ptrdiff_t at = query.newest_first ? count - 1 : 0;
  if (!query.after.empty()) {
    const auto found = index_.find(query.after);
    if (found == index_.end() || jobs_[found->second].job->account != query.account) {
      return base::NotFound("video_not_found", "there is no job {}", query.after);
    }
    at = static_cast<std::ptrdiff_t>(found->second) + step;
  }
  Page page;
  for (; at >= 0 && at < count; at += step) {
    const StoredJob& stored = jobs_[static_cast<std::size_t>(at)];
    const Job& job = *stored.job;
    if (stored.deleted || job.account != query.account || job.protocol != query.protocol) continue;
    if (now_ms - job.created_ms < job.script.list_hidden.count()) continue;
    if (page.jobs.size() == query.limit) {
      page.has_more = true;
      break;
    }
    page.jobs.push_back(stored.job);
  }
  return page;
}

Tally JobStore::Count(std::int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  Tally tally;
  tally.paid = jobs_.size();
  for (const StoredJob& stored : jobs_) {
    ++tally.by_prompt[stored.job->prompt];
    if (stored.deleted) {
      ++tally.deleted;
      continue;
    }
    switch (stored.job->At(now_ms).status) {
      case JobStatus::kQueued:
        ++tally.queued;
        break;
      case JobStatus::kInProgress:
        ++tally.in_progress;
        break;
      case JobStatus::kCompleted:
        ++tally.completed;
        break;
      case JobStatus::kFailed:
        ++tally.failed;
        break;
    }
  }
  return tally;
}

absl::Status JobStore::Reset() {
  const std::lock_guard lock(mutex_);
  if (journal_) MR_RETURN_IF_ERROR(journal_->Clear());
  jobs_.clear();
  index_.clear();
  return absl::OkStatus();
}

}  // namespace mediarouter::sim
