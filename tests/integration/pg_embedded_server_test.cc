#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <pqxx/pqxx>
#include <thread>

extern "C" {  // glibc 2.36 forgot it in this header
#include <sys/pidfd.h>
}

#include "pg/embedded_server.h"
#include "pg/postgres_binaries.h"
#include "pg/server_process.h"
#include "support/status_matchers.h"

namespace mediarouter {
namespace {

namespace fs = std::filesystem;
using pg::EmbeddedServer;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr char kFolder[] = "MR_TEST_DATA_DIR";
constexpr char kReport[] = "MR_TEST_REPORT_FD";

// A data folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string path = "/tmp/mediarouter-server-test-XXXXXX";
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  fs::path cluster() const { return path_ / "postgres" / "data"; }

 private:
  fs::path path_;
};

// A server that is quick rather than durable: what these tests kill are processes, not machines.
absl::StatusOr<std::unique_ptr<EmbeddedServer>> Start(const Folder& folder) {
  return EmbeddedServer::Start(folder.path(), {.durable = false});
}

// Waits until something that other processes do has happened.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = Clock::now() + seconds(20);
  while (!condition()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::string Query(const std::string& url, const std::string& sql) {
  pqxx::connection connection(url);
  pqxx::nontransaction transaction(connection);
  const pqxx::result result = transaction.exec(sql);
  return result.empty() || result.columns() == 0 ? "" : result[0][0].as<std::string>("");
}

pid_t PostmasterPid(const Folder& folder) {
  pid_t pid = -1;
  std::ifstream(folder.cluster() / "postmaster.pid") >> pid;
  return pid;
}

// Holds on to a process, so that its end can be awaited though it is not our child.
class Watched {
 public:
  explicit Watched(pid_t pid) : fd_(pidfd_open(pid, 0)) { REQUIRE(fd_ >= 0); }
  ~Watched() { close(fd_); }
  bool Ends() const {
    pollfd descriptor{fd_, POLLIN, 0};
    return poll(&descriptor, 1, 20'000) == 1;
  }

 private:
  int fd_;
};

// This program again, as a mediarouter that runs a server until it is told to stop or killed.
class Helper {
 public:
  Helper(const Folder& folder, uid_t uid) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const std::string dir = std::string(kFolder) + "=" + folder.path().string();
    const std::string report = std::string(kReport) + "=" + std::to_string(ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      fcntl(ends[1], F_SETFD, 0);
      if (uid != geteuid() && (setgid(uid) != 0 || setuid(uid) != 0)) _exit(1);
      const char* const argv[] = {"helper", "[helper]", nullptr};
      const char* const env[] = {dir.c_str(), report.c_str(), nullptr};
      const int null = open("/dev/null", O_RDWR);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
      execve("/proc/self/exe", const_cast<char**>(argv), const_cast<char**>(env));
      _exit(1);
    }
    close(ends[1]);
    socket_ = ends[0];
  }
  ~Helper() {
    if (pid_ > 0) Kill();
    close(socket_);
  }

  // The URL of its server, or what went wrong.
  std::string Read() {
    char text[512];
    const ssize_t size = read(socket_, text, sizeof text);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
  void Kill() {
    kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
  bool Stop() {
    shutdown(socket_, SHUT_WR);
    int result = 0;
    waitpid(std::exchange(pid_, -1), &result, 0);
    return result == 0;
  }

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
};

TEST_CASE("not a test: the other process of the tests below", "[.][helper]") {
  const char* folder = getenv(kFolder);
  const char* report = getenv(kReport);
  REQUIRE(folder != nullptr);
  REQUIRE(report != nullptr);
  const int socket = std::stoi(report);
  const auto server = EmbeddedServer::Start(folder, {.durable = false});
  const std::string text = server.ok() ? (*server)->url() : base::Describe(server.status());
  REQUIRE(write(socket, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  REQUIRE_OK(server);
  char byte;
  CHECK(read(socket, &byte, 1) == 0);
}

TEST_CASE("a stopped server keeps its data and starts again quickly") {
  Folder folder;
  std::string socket_folder;
  {
    auto server = EmbeddedServer::Start(folder.path());
    REQUIRE_OK(server);
    Query((*server)->url(), "CREATE TABLE kept AS SELECT 'it'::text AS what");
    CHECK(Query((*server)->url(), "SHOW fsync") == "on");
    CHECK(Query((*server)->url(), "SHOW synchronous_commit") == "on");
    CHECK(Query((*server)->url(), "SHOW listen_addresses").empty());
    CHECK(Query((*server)->url(), "SHOW server_encoding") == "UTF8");
    CHECK(Query((*server)->url(), "SHOW lc_collate") == "C.UTF-8");
    CHECK(Query((*server)->url(), "SHOW max_connections") == "100");

    socket_folder = Query((*server)->url(), "SHOW unix_socket_directories");
    CHECK(fs::read_symlink(folder.path() / "postgres.socket") == socket_folder);
    CHECK(fs::status(socket_folder).permissions() == fs::perms::owner_all);

    // Ctrl-C reaches the terminal's foreground group, and so not the server.
    const pid_t postmaster = PostmasterPid(folder);
    CHECK(getsid(postmaster) == postmaster);
    // It never runs as root, and holds nothing of ours.
    struct stat info {};
    REQUIRE(stat(("/proc/" + std::to_string(postmaster)).c_str(), &info) == 0);
    CHECK(info.st_uid != 0);
    std::string open_files;
    for (const auto& entry :
         fs::directory_iterator("/proc/" + std::to_string(postmaster) + "/fd")) {
      std::error_code ignored;
      open_files += fs::read_symlink(entry.path(), ignored).string() + "\n";
    }
    CHECK(open_files.find("postgres.lock") == std::string::npos);

    (*server)->Stop();
    (*server)->Stop();
  }
  CHECK_FALSE(fs::exists(socket_folder));

  const auto start = Clock::now();
  auto again = Start(folder);
  REQUIRE_OK(again);
  const std::chrono::duration<double> took = Clock::now() - start;
  INFO("start on existing data took " << took.count() << " s");
  CHECK(took < seconds(5));  // a second on an idle machine
  CHECK(Query((*again)->url(), "SELECT what FROM kept") == "it");
}

TEST_CASE("one data folder has one server") {
  Folder folder;
  auto first = Start(folder);
  REQUIRE_OK(first);
  CHECK_FAILS(Start(folder), absl::StatusCode::kFailedPrecondition, "data_dir_in_use");
  Helper other(folder, geteuid());
  CHECK(other.Read().find("data_dir_in_use") != std::string::npos);
  CHECK(Query((*first)->url(), "SELECT 1") == "1");
  first->reset();
  CHECK_OK(Start(folder));
}

TEST_CASE("a killed mediarouter takes its server along and leaves what was committed") {
  Folder folder;
  std::string old_sockets;
  {
    Helper helper(folder, geteuid());
    const std::string url = helper.Read();
    Query(url, "CREATE TABLE kept AS SELECT 'it'::text AS what");
    old_sockets = Query(url, "SHOW unix_socket_directories");
    const Watched postmaster(PostmasterPid(folder));
    helper.Kill();
    CHECK(postmaster.Ends());
  }
  auto server = Start(folder);
  REQUIRE_OK(server);
  CHECK(Query((*server)->url(), "SELECT what FROM kept") == "it");
  CHECK_FALSE(fs::exists(old_sockets));
}

// A server in `folder` that no mediarouter owns.
pid_t StartStray(const Folder& folder, const fs::path& sockets) {
  struct stat info {};
  REQUIRE(stat(folder.cluster().c_str(), &info) == 0);
  REQUIRE(chown(sockets.c_str(), info.st_uid, info.st_gid) == 0);
  const auto binaries = pg::FindPostgres(std::nullopt);
  REQUIRE_OK(binaries);
  const int log = open("/dev/null", O_RDWR | O_CLOEXEC);
  const auto pid =
      pg::Spawn({.argv = {binaries->postgres, "-D", folder.cluster(), "-c",
                          "listen_addresses=", "-c", "unix_socket_directories=" + sockets.string()},
                 .identity = {info.st_uid, info.st_gid},
                 .log_fd = log,
                 .death_signal = SIGKILL});
  close(log);
  REQUIRE_OK(pid);
  return *pid;
}

TEST_CASE("left-over servers of the folder are replaced") {
  Folder folder;
  Folder sockets;
  REQUIRE_OK(Start(folder));
  const pid_t stray = StartStray(folder, sockets.path());
  const std::string url =
      "host=" + sockets.path().string() + " port=5432 user=mediarouter dbname=mediarouter";
  REQUIRE(Eventually([&] {
    try {
      return Query(url, "SELECT 1") == "1";
    } catch (const std::exception&) {
      return false;
    }
  }));

  SECTION("a whole server") {}
  SECTION("backends at work whose postmaster was killed") {
    std::promise<pid_t> backend;
    std::thread client([&] {
      try {
        pqxx::connection connection(url);
        backend.set_value(connection.backendpid());
        // Busy and without looking around: it does not notice that the postmaster is gone.
        pqxx::nontransaction(connection).exec("SELECT count(*) FROM generate_series(1, 1e10)");
      } catch (const std::exception&) {
      }
    });
    const Watched busy(backend.get_future().get());
    kill(stray, SIGKILL);
    CHECK_OK(Start(folder));
    CHECK(busy.Ends());
    client.join();
  }
  auto server = Start(folder);
  CHECK_OK(server);
  int result = 0;
  CHECK(waitpid(stray, &result, 0) == stray);
  if (server.ok()) CHECK(Query((*server)->url(), "SELECT 1") == "1");
}

TEST_CASE("a server that dies is started again on the same URL") {
  Folder folder;
  auto server = Start(folder);
  REQUIRE_OK(server);
  const pid_t first = PostmasterPid(folder);
  REQUIRE(kill(first, SIGKILL) == 0);
  CHECK(Eventually([&] {
    try {
      return PostmasterPid(folder) != first && Query((*server)->url(), "SELECT 1") == "1";
    } catch (const std::exception&) {
      return false;
    }
  }));
}

TEST_CASE("an interrupted initdb heals") {
  Folder folder;
  const fs::path half = folder.path() / "postgres" / "new-half";
  fs::create_directories(half / "base");
  std::ofstream(half / "PG_VERSION") << "15\n";
  auto server = Start(folder);
  CHECK_OK(server);
  CHECK_FALSE(fs::exists(half));
}

TEST_CASE("a folder that cannot be used says why") {
  Folder folder;
  SECTION("another version's data") {
    fs::create_directories(folder.cluster());
    std::ofstream(folder.cluster() / "PG_VERSION") << "9\n";
    CHECK_FAILS(Start(folder), absl::StatusCode::kFailedPrecondition, "postgres_version_mismatch");
  }
  SECTION("something else in its place") {
    fs::create_directories(folder.cluster());
    CHECK_FAILS(Start(folder), absl::StatusCode::kFailedPrecondition, "data_dir_unreachable");
  }
  SECTION("below a file") {
    std::ofstream(folder.path() / "file") << "x";
    CHECK_FAILS(EmbeddedServer::Start(folder.path() / "file" / "data"),
                absl::StatusCode::kFailedPrecondition, "data_dir_unreachable");
  }
  SECTION("below a folder that is closed to the server's user") {
    if (geteuid() != 0) return;
    CHECK_FAILS(EmbeddedServer::Start(folder.path() / "inner"),
                absl::StatusCode::kFailedPrecondition, "data_dir_unreachable");
  }
}

TEST_CASE("a plain user runs it as well, and root then as that user") {
  if (geteuid() != 0) return;  // then all tests above show it
  const passwd* nobody = getpwnam("nobody");
  REQUIRE(nobody != nullptr);
  Folder folder;
  REQUIRE(chown(folder.path().c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
  {
    Helper helper(folder, nobody->pw_uid);
    const std::string url = helper.Read();
    INFO(url);
    REQUIRE(url.starts_with("host="));
    Query(url, "CREATE TABLE kept AS SELECT 'it'::text AS what");
    CHECK(helper.Stop());
  }
  auto server = Start(folder);
  REQUIRE_OK(server);
  CHECK(Query((*server)->url(), "SELECT what FROM kept") == "it");
}

}  // namespace
}  // namespace mediarouter
