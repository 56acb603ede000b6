#include "pg/postgres_binaries.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/status.h"
#include "base/strings.h"

namespace mediarouter::pg {
namespace {

namespace fs = std::filesystem;

constexpr char kDebianRoot[] = "/usr/lib/postgresql";

// Both programs, or nothing. Links are followed: initdb finds its files next to the real ones.
std::optional<PostgresBinaries> InFolder(const fs::path& folder, int major) {
  std::error_code ignored;
  const fs::path postgres = fs::canonical(folder / "postgres", ignored);
  const fs::path initdb = postgres.parent_path() / "initdb";
  if (postgres.empty() || access(postgres.c_str(), X_OK) != 0 ||
      access(initdb.c_str(), X_OK) != 0) {
    return std::nullopt;
  }
  return PostgresBinaries{major, initdb, postgres};
}

// "postgres (PostgreSQL) 15.18 (Debian ...)" -> 15. 0 when it does not say.
int AskMajor(const std::string& postgres) {
  const std::string command = "'" + postgres + "' -V 2>/dev/null";
  if (postgres.find('\'') != std::string::npos) return 0;
  FILE* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) return 0;
  std::array<char, 128> line{};
  const bool read = fgets(line.data(), line.size(), pipe) != nullptr;
  pclose(pipe);
  int major = 0;
  if (!read || std::sscanf(line.data(), "%*s %*s %d", &major) != 1) return 0;
  return major;
}

std::vector<PostgresBinaries> All() {
  std::vector<PostgresBinaries> all;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kDebianRoot, ignored)) {
    const auto major = base::ParseInt(entry.path().filename().string());
    if (!major) continue;
    if (auto found = InFolder(entry.path() / "bin", static_cast<int>(*major)))
      all.push_back(*found);
  }
  if (!all.empty()) return all;
  const char* path = std::getenv("PATH");
  for (const std::string& folder : base::Split(path == nullptr ? "" : path, ':')) {
    auto found = InFolder(folder, 0);
    if (!found) continue;
    found->major = AskMajor(found->postgres);
    if (found->major > 0) all.push_back(*found);
  }
  return all;
}

}  // namespace

absl::StatusOr<PostgresBinaries> FindPostgres(std::optional<int> major) {
  const std::vector<PostgresBinaries> all = All();
  const PostgresBinaries* best = nullptr;
  for (const PostgresBinaries& one : all) {
    if (major && one.major != *major) continue;
    if (best == nullptr || one.major > best->major) best = &one;
  }
  if (best != nullptr) return *best;
  if (all.empty()) {
    return base::FailedPrecondition(
        "postgres_missing",
        "no Postgres server programs below {} or in PATH: install Debian's package "
        "postgresql, or set DATABASE_URL to a server of yours",
        kDebianRoot);
  }
  return base::FailedPrecondition(
      "postgres_version_mismatch",
      "the data folder is of Postgres {}, but this machine has only {}: install postgresql-{}, "
      "or move the data with pg_upgrade",
      *major, all.front().major, *major);
}

}  // namespace mediarouter::pg
