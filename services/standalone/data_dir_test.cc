#include "standalone/data_dir.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/id.h"
#include "support/status_matchers.h"

namespace mediarouter::standalone {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / base::NewId("mediarouter-data-dir-test-");
  ~Folder() { fs::remove_all(path); }
};

TEST_CASE("the data folder is made where DATA_DIR says", "[unit][data_dir]") {
  const Folder folder;
  const auto dir = OpenDataDir({{"DATA_DIR", (folder.path / "a" / "b").string()}});
  REQUIRE_OK(dir);
  CHECK(fs::is_directory(*dir));
}

TEST_CASE("a kept secret is made once, for its owner alone", "[unit][data_dir]") {
  const Folder folder;
  fs::create_directories(folder.path);
  const auto first = KeptSecret(folder.path, "secret.key");
  REQUIRE_OK(first);
  CHECK(first->secret.Reveal().size() == 64);
  struct stat info {};
  REQUIRE(stat((folder.path / "secret.key").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto second = KeptSecret(folder.path, "secret.key");
  REQUIRE_OK(second);
  CHECK(first->made);
  CHECK_FALSE(second->made);
  CHECK(second->secret.Reveal() == first->secret.Reveal());
}

TEST_CASE("a secret that others can read, or that is too short, is refused", "[unit][data_dir]") {
  const Folder folder;
  fs::create_directories(folder.path);
  const fs::path path = folder.path / "secret.key";
  std::ofstream(path) << "short";
  chmod(path.c_str(), 0644);
  CHECK_FAILS(KeptSecret(folder.path, "secret.key"), absl::StatusCode::kFailedPrecondition,
              "secret_readable_by_others");
  chmod(path.c_str(), 0600);
  CHECK_FAILS(KeptSecret(folder.path, "secret.key"), absl::StatusCode::kFailedPrecondition,
              "secret_unusable");
}

}  // namespace
}  // namespace mediarouter::standalone
