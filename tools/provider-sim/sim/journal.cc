#include "sim/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unordered_map>

#include "base/status.h"
#include "base/status_macros.h"

namespace mediarouter::sim {
namespace {

namespace json = boost::json;

absl::Status SystemFault(std::string_view what, const std::string& path) {
  return base::Unavailable("state_unavailable", "cannot {} {}: {}", what, path,
                           std::strerror(errno));
}

std::string Encode(const Job& job, bool deleted) {
  json::object line{{"id", job.id},
                    {"account", job.account},
                    {"protocol", job.protocol},
                    {"model", job.model},
                    {"prompt", job.prompt},
                    {"seconds", job.seconds},
                    {"size", job.size},
                    {"created_ms", job.created_ms},
                    {"render_ms", job.script.render.count()}};
  if (job.script.failure) {
    line["failure"] = {{"code", job.script.failure->code},
                       {"message", job.script.failure->message}};
  }
  if (job.script.never_completes) line["never_completes"] = true;
  if (job.script.list_hidden.count() > 0) line["list_hidden_ms"] = job.script.list_hidden.count();
  if (deleted) line["deleted"] = true;
  return json::serialize(line) + "\n";
}

std::string Text(const json::object& line, std::string_view name) {
  return std::string(line.at(name).as_string());
}

// Throws what Boost.JSON throws when the line is not one of ours.
Job Decode(const json::object& line) {
  Job job{.id = Text(line, "id"),
          .account = Text(line, "account"),
          .protocol = Text(line, "protocol"),
          .model = Text(line, "model"),
          .prompt = Text(line, "prompt"),
          .seconds = Text(line, "seconds"),
          .size = Text(line, "size"),
          .created_ms = line.at("created_ms").as_int64()};
  job.script.render = std::chrono::milliseconds(line.at("render_ms").as_int64());
  if (const auto* failure = line.if_contains("failure")) {
    job.script.failure =
        Failure{Text(failure->as_object(), "code"), Text(failure->as_object(), "message")};
  }
  job.script.never_completes = line.contains("never_completes");
  if (const auto* hidden = line.if_contains("list_hidden_ms")) {
    job.script.list_hidden = std::chrono::milliseconds(hidden->as_int64());
  }
  return job;
}

absl::StatusOr<std::vector<StoredJob>> Read(const std::string& path) {
  std::vector<StoredJob> jobs;
  std::unordered_map<std::string, std::size_t> by_id;
  std::ifstream file(path);
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (file.eof()) break;  // no line end: torn while it was written, so never answered
    try {
      const json::value value = json::parse(text);
      const json::object& line = value.as_object();
      if (const auto* id = line.if_contains("delete")) {
        const auto found = by_id.find(std::string(id->as_string()));
        if (found != by_id.end()) jobs[found->second].deleted = true;
        continue;
      }
      jobs.push_back({std::make_shared<const Job>(Decode(line)), line.contains("deleted")});
      by_id.emplace(jobs.back().job->id, jobs.size() - 1);
    } catch (const std::exception& error) {
      return base::DataLoss("state_damaged", "{} line {}: {}", path, number, error.what());
    }
  }
  return jobs;
}

absl::Status WriteCompact(const std::string& path, const std::vector<StoredJob>& jobs) {
  const std::string temporary = path + ".new";
  std::ofstream file(temporary, std::ios::trunc);
  for (const StoredJob& stored : jobs) file << Encode(*stored.job, stored.deleted);
  file.close();
  if (!file) return SystemFault("write", temporary);
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) return base::Unavailable("state_unavailable", "{}: {}", path, error.message());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& dir,
                                                       std::vector<StoredJob>& jobs) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return base::Unavailable("state_unavailable", "{}: {}", dir, error.message());
  const std::string path = dir + "/jobs.jsonl";
  MR_ASSIGN_OR_RETURN(jobs, Read(path));
  MR_RETURN_IF_ERROR(WriteCompact(path, jobs));
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return SystemFault("open", path);
  return std::unique_ptr<Journal>(new Journal(fd));
}

Journal::~Journal() { close(fd_); }

absl::Status Journal::Accepted(const Job& job) { return Append(Encode(job, false)); }

absl::Status Journal::Deleted(std::string_view id) {
  return Append(json::serialize(json::object{{"delete", id}}) + "\n");
}

absl::Status Journal::Clear() {
  if (ftruncate(fd_, 0) != 0) return SystemFault("empty", "the journal");
  return absl::OkStatus();
}

absl::Status Journal::Append(const std::string& line) {
  const off_t end = lseek(fd_, 0, SEEK_END);
  const ssize_t written = write(fd_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return absl::OkStatus();
  absl::Status fault = SystemFault("append to", "the journal");
  if (written > 0 && ftruncate(fd_, end) != 0) return SystemFault("repair", "the journal");
  return fault;
}

}  // namespace mediarouter::sim
