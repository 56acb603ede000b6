#include "support/pg_fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <stdexcept>

#include "base/status.h"
#include "pg/embedded_server.h"

namespace mediarouter::testing {
namespace {

namespace fs = std::filesystem;

void Check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(base::Describe(status));
}

constexpr char kParent[] = "/tmp";
constexpr char kPrefix[] = "mediarouter-test-";

// Removes what killed test processes left: folders of ours whose server's lock is free, and not
// just because their owner is about to take it.
void SweepStale() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kParent, ignored)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    struct stat info {};
    const std::string lock_path = entry.path() / "postgres.lock";
    if (lstat(lock_path.c_str(), &info) != 0 || info.st_uid != geteuid()) continue;
    if (info.st_mtime > time(nullptr) - 60) continue;
    const int lock = open(lock_path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0) continue;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
      rmdir(fs::read_symlink(entry.path() / "postgres.socket", ignored).c_str());
      fs::remove_all(entry.path(), ignored);
    }
    close(lock);
  }
}

// The server of this process. An object of static life, so that it is stopped at exit; when the
// process is killed the kernel ends the server.
class Server {
 public:
  static Server& Get() {
    static Server server;
    return server;
  }

  std::string UrlOf(const std::string& database) const {
    // The last dbname wins.
    return server_->url() + " dbname=" + database;
  }

  void Run(const std::string& sql) {
    const std::lock_guard lock(mutex_);
    pqxx::connection connection(server_->url());
    pqxx::nontransaction(connection).exec(sql);
  }

  std::string NewName(std::string_view prefix) {
    return fmt::format("{}_{}", prefix, ++databases_);
  }

  // The migrated template of a set of migrations.
  std::string Template(const std::string& schema, std::span<const pg::Migration> migrations) {
    const std::lock_guard lock(template_mutex_);
    auto& name = templates_[{schema, migrations.data()}];
    if (!name.empty()) return name;
    const std::string fresh = NewName("template");
    Run("CREATE DATABASE " + fresh);
    Check(pg::Migrate(UrlOf(fresh), schema, migrations));
    return name = fresh;
  }

 private:
  Server() {
    SweepStale();
    std::string folder = std::string(kParent) + "/" + kPrefix + "XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp " + folder);
    folder_ = folder;
    auto server = pg::EmbeddedServer::Start(folder_, {.durable = false});
    Check(server.status());
    server_ = *std::move(server);
  }
  ~Server() {
    server_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string folder_;
  std::unique_ptr<pg::EmbeddedServer> server_;
  std::mutex mutex_;
  std::mutex template_mutex_;
  std::map<std::pair<std::string, const pg::Migration*>, std::string> templates_;
  std::atomic<int> databases_ = 0;
};

}  // namespace

PgFixture::PgFixture(const std::string& schema, std::span<const pg::Migration> migrations) {
  Server& server = Server::Get();
  const std::string origin = server.Template(schema, migrations);
  name_ = server.NewName("test");
  server.Run(fmt::format("CREATE DATABASE {} TEMPLATE {}", name_, origin));
  url_ = server.UrlOf(name_);
  pool_ = std::make_unique<pg::Pool>(pg::PoolConfig{
      .url = url_, .application_name = "mediarouter-test", .schema = schema, .size = 4});
}

PgFixture::~PgFixture() {
  pool_.reset();
  try {
    Server::Get().Run("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) {
    // It goes with the server.
  }
}

std::string EmptyDatabase() {
  Server& server = Server::Get();
  const std::string name = server.NewName("empty");
  server.Run("CREATE DATABASE " + name);
  return server.UrlOf(name);
}

}  // namespace mediarouter::testing
