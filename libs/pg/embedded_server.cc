#include "pg/embedded_server.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <pqxx/pqxx>
#include <thread>
#include <vector>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "obs/log.h"
#include "pg/connect.h"
#include "pg/postgres_binaries.h"
#include "pg/server_process.h"

namespace mediarouter::pg {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr char kName[] = "mediarouter";  // of the superuser and of the database
constexpr std::uintmax_t kMaxLogBytes = 10 << 20;
constexpr char kSocketPrefix[] = "mediarouter-pg-";
// A socket's path has at most 107 bytes; the server adds "/.s.PGSQL.5432.lock".
constexpr std::size_t kMaxSocketFolder = 80;

absl::Status Fault(std::string_view what, const fs::path& path) {
  return base::Internal("postgres_start_failed", "{} {}: {}", what, path.string(),
                        std::strerror(errno));
}

// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct Paths {
  explicit Paths(const fs::path& data_dir)
      : dir(data_dir),
        root(data_dir / "postgres"),
        cluster(root / "data"),
        lock(data_dir / "postgres.lock"),
        log(data_dir / "postgres.log"),
        socket_link(data_dir / "postgres.socket") {}
  fs::path dir, root, cluster, lock, log, socket_link;
};

absl::StatusOr<Descriptor> Lock(const Paths& paths) {
  Descriptor lock(open(paths.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0) return Fault("open", paths.lock);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return base::FailedPrecondition(
        "data_dir_in_use", "another mediarouter works in the data folder {}", paths.dir.string());
  }
  return lock;
}

// The owner of the data; for new data the caller, or as root an unprivileged user.
absl::StatusOr<Identity> ChooseIdentity(const Paths& paths) {
  struct stat info {};
  if (geteuid() != 0) return Identity{geteuid(), getegid()};
  if (stat(paths.cluster.c_str(), &info) == 0 && info.st_uid != 0) {
    return Identity{info.st_uid, info.st_gid};
  }
  for (const char* name : {"postgres", "nobody"}) {
    const passwd* user = getpwnam(name);
    if (user != nullptr) return Identity{user->pw_uid, user->pw_gid};
  }
  return base::FailedPrecondition("postgres_missing", "no user `postgres` to run the server as");
}

// Whether the server's user can enter every folder above its data. We let it through our own.
absl::Status MakeReachable(const Paths& paths, Identity identity) {
  if (geteuid() != 0) return absl::OkStatus();
  fs::path path = "/";
  for (const fs::path& part : paths.dir.relative_path()) {
    path /= part;
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return Fault("stat", path);
    const mode_t needed = info.st_uid == identity.uid   ? S_IXUSR
                          : info.st_gid == identity.gid ? S_IXGRP
                                                        : S_IXOTH;
    if ((info.st_mode & needed) != 0) continue;
    // Passing through a folder does not allow to list it.
    if (path == paths.dir && chmod(path.c_str(), (info.st_mode & 07777) | needed) == 0) continue;
    return base::FailedPrecondition(
        "data_dir_unreachable",
        "started as root, the private Postgres runs as uid {}, which may not enter {}: choose "
        "another data folder (DATA_DIR)",
        identity.uid, path.string());
  }
  return absl::OkStatus();
}

absl::Status MakeRoot(const Paths& paths, Identity identity) {
  if (mkdir(paths.root.c_str(), 0700) != 0 && errno != EEXIST) return Fault("mkdir", paths.root);
  if (geteuid() == 0 && chown(paths.root.c_str(), identity.uid, identity.gid) != 0) {
    return Fault("chown", paths.root);
  }
  return absl::OkStatus();
}

absl::StatusOr<Descriptor> OpenLog(const Paths& paths) {
  std::error_code ignored;
  const bool anew = fs::file_size(paths.log, ignored) > kMaxLogBytes && !ignored;
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (anew ? O_TRUNC : 0);
  Descriptor log(open(paths.log.c_str(), flags, 0600));
  if (log.get() < 0) return Fault("open", paths.log);
  return log;
}

std::string LogTail(const Paths& paths) {
  constexpr std::streamoff kTail = 2'000;
  std::ifstream log(paths.log, std::ios::binary | std::ios::ate);
  const std::streamoff size = log.tellg();
  if (size <= 0) return "";
  log.seekg(std::max<std::streamoff>(0, size - kTail));
  return {std::istreambuf_iterator<char>(log), {}};
}

absl::StatusOr<std::optional<int>> ClusterMajor(const Paths& paths) {
  std::error_code ignored;
  if (!fs::exists(paths.cluster, ignored)) return std::nullopt;
  std::ifstream file(paths.cluster / "PG_VERSION");
  int major = 0;
  if (!(file >> major)) {
    return base::FailedPrecondition("data_dir_unreachable", "{} is no data folder of Postgres",
                                    paths.cluster.string());
  }
  return major;
}

// initdb into a folder of its own and one rename: a cluster is there whole or not at all.
absl::Status MakeCluster(const Paths& paths, const PostgresBinaries& binaries, Identity identity,
                         int log_fd, bool durable) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(paths.root, ignored)) {
    if (entry.path().filename().string().starts_with("new-")) {
      fs::remove_all(entry.path(), ignored);
    }
  }
  const fs::path fresh = paths.root / base::NewId("new-");
  std::vector<std::string> argv = {
      binaries.initdb,    "-D",          fresh, "-U", kName, "--encoding=UTF8",
      "--locale=C.UTF-8", "--auth=trust"};
  if (!durable) argv.push_back("--no-sync");
  MR_ASSIGN_OR_RETURN(
      const pid_t pid,
      Spawn({.argv = argv, .identity = identity, .log_fd = log_fd, .death_signal = SIGKILL}));
  int result = 0;
  while (waitpid(pid, &result, 0) < 0 && errno == EINTR) {
  }
  if (result != 0) {
    return base::Internal("postgres_start_failed", "initdb failed: {}", LogTail(paths));
  }
  if (rename(fresh.c_str(), paths.cluster.c_str()) != 0) return Fault("rename", fresh);
  const Descriptor folder(open(paths.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fsync(folder.get()) != 0) return Fault("fsync", paths.root);
  return absl::OkStatus();
}

// A short folder that only the server's user may enter, under a name that cannot be foretold.
// Its link in the data folder says which one to remove after a crash.
absl::StatusOr<fs::path> MakeSocketFolder(const Paths& paths, Identity identity) {
  std::error_code ignored;
  const fs::path old = fs::read_symlink(paths.socket_link, ignored);
  if (!old.empty() && old.filename().string().starts_with(kSocketPrefix)) {
    for (const char* file : {".s.PGSQL.5432", ".s.PGSQL.5432.lock"})
      fs::remove(old / file, ignored);
    fs::remove(old, ignored);
  }
  fs::remove(paths.socket_link, ignored);

  // A session's runtime folder is closed to any other user.
  const char* runtime = geteuid() == 0 ? nullptr : std::getenv("XDG_RUNTIME_DIR");
  fs::path parent = runtime == nullptr ? "/tmp" : runtime;
  if (access(parent.c_str(), W_OK | X_OK) != 0 || parent.native().size() > kMaxSocketFolder - 32) {
    parent = "/tmp";
  }
  std::string folder = parent / (std::string(kSocketPrefix) + "XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) return Fault("mkdtemp", folder);
  if (geteuid() == 0 && chown(folder.c_str(), identity.uid, identity.gid) != 0) {
    return Fault("chown", folder);
  }
  fs::create_directory_symlink(folder, paths.socket_link, ignored);
  return fs::path(folder);
}

std::string Url(const fs::path& socket_folder, std::string_view database) {
  return fmt::format("host={} port=5432 user={} dbname={}", socket_folder.string(), kName,
                     database);
}

}  // namespace

struct EmbeddedServer::Impl {
  Impl(const fs::path& data_dir, Options o) : options(o), paths(data_dir) {}

  absl::Status Prepare();
  absl::Status AwaitAnswer();
  absl::Status EndLeftOvers();
  void Keep();  // the keeper thread
  absl::StatusOr<pid_t> Launch();
  void Stop();

  const Options options;
  const Paths paths;
  Descriptor lock;
  Descriptor log;
  PostgresBinaries binaries;
  Identity identity{};
  fs::path socket_folder;
  std::string url;

  // The server's parent. PR_SET_PDEATHSIG looks at the thread that forked, not at the process, so
  // this thread lives as long as the server.
  std::thread keeper;
  std::mutex mutex;
  std::condition_variable changed;
  pid_t pid = -1;         // of the running server, else -1
  bool answered = false;  // once: from then on a server that ends is started again
  bool stopping = false;
  bool given_up = false;  // no server and none will be started
};

absl::Status EmbeddedServer::Impl::Prepare() {
  MR_ASSIGN_OR_RETURN(lock, Lock(paths));
  MR_ASSIGN_OR_RETURN(identity, ChooseIdentity(paths));
  MR_RETURN_IF_ERROR(MakeReachable(paths, identity));
  MR_RETURN_IF_ERROR(MakeRoot(paths, identity));
  MR_ASSIGN_OR_RETURN(const std::optional<int> major, ClusterMajor(paths));
  MR_ASSIGN_OR_RETURN(binaries, FindPostgres(major));
  MR_ASSIGN_OR_RETURN(log, OpenLog(paths));
  if (!major)
    MR_RETURN_IF_ERROR(MakeCluster(paths, binaries, identity, log.get(), options.durable));
  MR_RETURN_IF_ERROR(EndLeftOvers());
  MR_ASSIGN_OR_RETURN(socket_folder, MakeSocketFolder(paths, identity));
  url = Url(socket_folder, kName);
  return absl::OkStatus();
}

absl::Status EmbeddedServer::Impl::EndLeftOvers() {
  if (!EndServersIn(paths.cluster, seconds(20))) {
    return base::Internal("postgres_start_failed", "a left-over server in {} does not end",
                          paths.cluster.string());
  }
  // Its pid may by now be a zombie's or another program's (in a container, soon), and then the new
  // server would refuse to start. We know better: none works here, and the lock is ours.
  std::error_code ignored;
  fs::remove(paths.cluster / "postmaster.pid", ignored);
  return absl::OkStatus();
}

absl::StatusOr<pid_t> EmbeddedServer::Impl::Launch() {
  std::vector<std::string> argv = {binaries.postgres, "-D", paths.cluster};
  const auto set = [&](const std::string& setting) {
    argv.push_back("-c");
    argv.push_back(setting);
  };
  set("listen_addresses=");
  set("unix_socket_directories=" + socket_folder.string());
  set("unix_socket_permissions=0700");
  set("port=5432");
  set("max_connections=100");
  set("logging_collector=off");
  set("log_destination=stderr");
  set("cluster_name=mediarouter");
  // Commits still reach the kernel, and so outlive any process.
  if (!options.durable) {
    set("fsync=off");
    set("full_page_writes=off");
  }
  return Spawn({.argv = argv, .identity = identity, .log_fd = log.get(), .death_signal = SIGQUIT});
}

void EmbeddedServer::Impl::Keep() {
  constexpr seconds kPause{1};
  std::unique_lock guard(mutex);
  while (!stopping) {
    const absl::StatusOr<pid_t> started = Launch();
    if (started.ok()) {
      pid = *started;
      changed.notify_all();
      guard.unlock();
      // Not reaped yet: until `pid` is cleared its number cannot become another process.
      siginfo_t info{};
      while (waitid(P_PID, static_cast<id_t>(*started), &info, WEXITED | WNOWAIT) < 0 &&
             errno == EINTR) {
      }
      guard.lock();
      waitpid(*started, nullptr, 0);
      pid = -1;
    }
    if (stopping || !answered) break;
    obs::Log(obs::Level::kError, "the private Postgres ended by itself and is started again",
             {{"log", paths.log.string()}});
    changed.wait_for(guard, kPause, [&] { return stopping; });
    guard.unlock();
    const absl::Status ended = EndLeftOvers();  // backends outlive a killed postmaster
    if (!ended.ok()) obs::Log(obs::Level::kError, base::Message(ended));
    guard.lock();
  }
  given_up = true;
  changed.notify_all();
}

absl::Status EmbeddedServer::Impl::AwaitAnswer() {
  const auto give_up_at = Clock::now() + seconds(60);
  const std::string text = Url(socket_folder, "postgres") + " connect_timeout=5";
  std::string error;
  while (Clock::now() < give_up_at) {
    try {
      const auto connection = Connect(text);
      pqxx::nontransaction transaction(*connection);
      if (transaction.exec_params("SELECT 1 FROM pg_database WHERE datname = $1", kName).empty()) {
        transaction.exec(fmt::format("CREATE DATABASE {}", kName));
      }
      const std::lock_guard guard(mutex);
      answered = true;
      return absl::OkStatus();
    } catch (const std::exception& e) {
      error = e.what();
    }
    std::unique_lock guard(mutex);
    if (changed.wait_for(guard, milliseconds(10), [&] { return given_up; })) break;
  }
  return base::Internal("postgres_start_failed", "the private Postgres does not answer: {}\n{}",
                        error, LogTail(paths));
}

void EmbeddedServer::Impl::Stop() {
  std::unique_lock guard(mutex);
  stopping = true;
  changed.notify_all();
  for (const auto& [number, patience] :
       {std::pair(SIGINT, seconds(20)), std::pair(SIGQUIT, seconds(10))}) {
    if (pid > 0) kill(pid, number);
    if (!keeper.joinable() || changed.wait_for(guard, patience, [&] { return given_up; })) break;
  }
  guard.unlock();
  EndServersIn(paths.cluster, seconds(10));
  if (keeper.joinable()) keeper.join();
  if (!socket_folder.empty()) {
    std::error_code ignored;
    fs::remove_all(socket_folder, ignored);
    fs::remove(paths.socket_link, ignored);
    socket_folder.clear();
  }
  lock = Descriptor();
}

EmbeddedServer::EmbeddedServer() = default;
EmbeddedServer::~EmbeddedServer() { Stop(); }

const std::string& EmbeddedServer::url() const { return impl_->url; }

void EmbeddedServer::Stop() {
  if (impl_->lock.get() >= 0) impl_->Stop();
}

absl::StatusOr<std::unique_ptr<EmbeddedServer>> EmbeddedServer::Start(const std::string& data_dir) {
  return Start(data_dir, Options());
}

absl::StatusOr<std::unique_ptr<EmbeddedServer>> EmbeddedServer::Start(const std::string& data_dir,
                                                                      Options options) {
  std::error_code error;
  // A folder of our making: the server's user may pass through it, nobody may list it.
  if (fs::create_directories(data_dir, error))
    chmod(data_dir.c_str(), geteuid() == 0 ? 0711 : 0700);
  const fs::path real = fs::canonical(data_dir, error);
  if (error) {
    return base::FailedPrecondition("data_dir_unreachable", "data folder {}: {}", data_dir,
                                    error.message());
  }
  std::unique_ptr<EmbeddedServer> server(new EmbeddedServer);
  server->impl_ = std::make_unique<Impl>(real, options);
  Impl& impl = *server->impl_;
  MR_RETURN_IF_ERROR(impl.Prepare());
  impl.keeper = std::thread([&impl] { impl.Keep(); });
  MR_RETURN_IF_ERROR(impl.AwaitAnswer());
  return server;
}

}  // namespace mediarouter::pg
