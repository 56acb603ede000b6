#include "standalone/data_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"

namespace mediarouter::standalone {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMinSecret = 32;

std::string Default(const base::Environment& env) {
  if (geteuid() == 0) return "/var/lib/mediarouter";
  const auto value = [&](const char* name) {
    const auto found = env.find(name);
    return found == env.end() ? std::string() : found->second;
  };
  if (const std::string xdg = value("XDG_DATA_HOME"); !xdg.empty()) return xdg + "/mediarouter";
  const std::string home = value("HOME");
  return (home.empty() ? "." : home + "/.local/share") + std::string("/mediarouter");
}

absl::Status Fault(const fs::path& path, const char* what) {
  return base::FailedPrecondition("data_dir_unusable", "{}: {}: {}", path.string(), what,
                                  std::strerror(errno));
}

}  // namespace

absl::StatusOr<fs::path> OpenDataDir(const base::Environment& env) {
  base::ConfigReader read(env);
  std::string given = read.Text(kDataDir);
  if (given.empty()) given = Default(env);
  std::error_code error;
  const fs::path dir = fs::absolute(given, error).lexically_normal();
  fs::create_directories(dir, error);
  if (error) {
    return base::FailedPrecondition("data_dir_unusable", "cannot make DATA_DIR {}: {}",
                                    dir.string(), error.message());
  }
  if (chmod(dir.c_str(), 0711) != 0 && errno != EPERM) return Fault(dir, "cannot set its mode");
  if (access(dir.c_str(), W_OK | X_OK) != 0) return Fault(dir, "cannot write");
  return dir;
}

namespace {

absl::StatusOr<base::SecretString> Read(const fs::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return Fault(path, "cannot read");
  if ((info.st_mode & 077) != 0) {
    return base::FailedPrecondition("secret_readable_by_others",
                                    "{} can be read by others: chmod 600 it", path.string());
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  base::SecretString secret{std::string(base::Trim(text.str()))};
  if (!file || secret.Reveal().size() < kMinSecret) {
    return base::FailedPrecondition("secret_unusable", "{} holds no secret of {} characters",
                                    path.string(), kMinSecret);
  }
  return secret;
}

// Synced, file and folder, before it gets its name: what is encrypted with a key that was lost is
// lost as well, and half a key would stop every later start.
absl::Status Write(const fs::path& dir, const fs::path& path, const base::SecretString& secret) {
  const fs::path temporary = dir / base::NewId(".secret-");
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Fault(temporary, "cannot make");
  const std::string_view text = secret.Reveal();
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  // A link never replaces: when two processes start at once, the first one's secret stays.
  const bool named = written && (link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const absl::Status status = named ? absl::OkStatus() : Fault(path, "cannot write");
  unlink(temporary.c_str());
  const int folder = open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool durable = folder >= 0 && fsync(folder) == 0;
  if (folder >= 0) close(folder);
  if (status.ok() && !durable) return Fault(dir, "cannot sync");
  return status;
}

}  // namespace

absl::StatusOr<Kept> KeptSecret(const fs::path& dir, const std::string& name,
                                const std::string& prefix) {
  const fs::path path = dir / name;
  Kept kept;
  if (access(path.c_str(), F_OK) != 0) {
    kept.made = true;
    MR_RETURN_IF_ERROR(
        Write(dir, path, base::SecretString(prefix + base::HexEncode(base::RandomBytes(32)))));
  }
  MR_ASSIGN_OR_RETURN(kept.secret, Read(path));
  return kept;
}

}  // namespace mediarouter::standalone
