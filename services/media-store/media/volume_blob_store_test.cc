#include "media/volume_blob_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/id.h"
#include "support/status_matchers.h"

namespace mediarouter::media {
namespace {

namespace fs = std::filesystem;

class TempFolder {
 public:
  TempFolder() : path_((fs::temp_directory_path() / "blob_store_XXXXXX").string()) {
    REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  ~TempFolder() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr FreeSpaceReserve kNoReserve{0, 0};

std::unique_ptr<VolumeBlobStore> OpenStore(const std::string& root,
                                           FreeSpaceReserve reserve = kNoReserve) {
  auto store = VolumeBlobStore::Open(root, reserve);
  REQUIRE_OK(store);
  return *std::move(store);
}

std::unique_ptr<BlobWriter> Begin(BlobStore& store, const std::string& id) {
  auto writer = store.Create(id);
  REQUIRE_OK(writer);
  return *std::move(writer);
}

std::string Publish(BlobStore& store, const std::string& id, std::string_view bytes) {
  const auto writer = Begin(store, id);
  REQUIRE_OK(writer->Write(bytes));
  REQUIRE_OK(writer->Seal());
  const auto path = writer->Publish();
  REQUIRE_OK(path);
  return *path;
}

std::string Slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int FilesBelow(const fs::path& folder) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    files += entry.is_regular_file();
  return files;
}

std::vector<std::string> ListAll(BlobStore& store, BlobStore::Time before) {
  std::vector<std::string> ids;
  for (int shelf = 0; shelf < store.shelves(); ++shelf) {
    REQUIRE_OK(store.ListShelf(shelf, before, [&](std::string id) { ids.push_back(id); }));
  }
  return ids;
}

const auto kFuture = std::chrono::system_clock::now() + std::chrono::hours(24);
const auto kPast = std::chrono::system_clock::now() - std::chrono::hours(24);

TEST_CASE("a published blob is where it says and reads back", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path() + "/new/videos");
  const std::string id = base::NewId("ast_");
  const std::string path = Publish(*store, id, "0123456789");
  CHECK(path.size() == 6 + id.size() + 4);
  CHECK(path.ends_with("/" + id + ".mp4"));
  CHECK(Slurp(fs::path(folder.path()) / "new/videos" / path) == "0123456789");
  CHECK(FilesBelow(folder.path()) == 1);
  const auto reader = store->Open(id);
  REQUIRE_OK(reader);
  CHECK((*reader)->size() == 10);
  CHECK((*reader)->ReadAt(0, 4).value() == "0123");
  CHECK((*reader)->ReadAt(8, 100).value() == "89");
  CHECK((*reader)->ReadAt(10, 1).value().empty());
}

TEST_CASE("a blob is never replaced", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path());
  const std::string id = base::NewId("ast_");
  const std::string path = Publish(*store, id, "first");
  {
    const auto writer = Begin(*store, id);
    REQUIRE_OK(writer->Write("second"));
    REQUIRE_OK(writer->Seal());
    CHECK_FAILS(writer->Publish(), absl::StatusCode::kAlreadyExists, "blob_exists");
  }
  CHECK(Slurp(fs::path(folder.path()) / path) == "first");
  CHECK(FilesBelow(folder.path()) == 1);
}

TEST_CASE("a writer that is dropped leaves nothing", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path());
  {
    const auto writer = Begin(*store, base::NewId("ast_"));
    REQUIRE_OK(writer->Write("half"));
    CHECK(FilesBelow(folder.path()) == 1);
  }
  CHECK(FilesBelow(folder.path()) == 0);
}

TEST_CASE("what was written can be read before it is published, and only read", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path());
  const auto writer = Begin(*store, base::NewId("ast_"));
  REQUIRE_OK(writer->Write("bytes"));
  const auto fd = writer->OpenForReading();
  REQUIRE_OK(fd);
  char buffer[8];
  CHECK(read(fd->get(), buffer, sizeof(buffer)) == 5);
  CHECK(write(fd->get(), "x", 1) == -1);
}

TEST_CASE("removing is repeatable", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path());
  const std::string id = base::NewId("ast_");
  Publish(*store, id, "bytes");
  CHECK_OK(store->Remove(id));
  CHECK_OK(store->Remove(id));
  CHECK(FilesBelow(folder.path()) == 0);
  CHECK_FAILS(store->Open(id), absl::StatusCode::kNotFound, "blob_missing");
}

TEST_CASE("names are made of asset ids only", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path());
  const std::string id = GENERATE("", "../../etc/passwd", "ast_", "ast_../../../../etc/passwd/xx/y",
                                  "gen_01j8z3k4m5n6p7q8r9s0t1v2w3");
  CHECK_FAILS(store->Create(id), absl::StatusCode::kInvalidArgument, "invalid_asset_id");
  CHECK_FAILS(store->Open(id), absl::StatusCode::kInvalidArgument, "invalid_asset_id");
  CHECK_FAILS(store->Remove(id), absl::StatusCode::kInvalidArgument, "invalid_asset_id");
}

TEST_CASE("links inside the volume are not followed", "[blob]") {
  const TempFolder folder;
  const TempFolder elsewhere;
  const auto store = OpenStore(folder.path());
  const std::string id = base::NewId("ast_");
  const fs::path path = fs::path(folder.path()) / Publish(*store, id, "bytes");
  std::ofstream(elsewhere.path() + "/secret") << "secret";
  fs::remove(path);
  fs::create_symlink(elsewhere.path() + "/secret", path);
  CHECK_FAILS(store->Open(id), absl::StatusCode::kInternal, "storage_failed");
}

TEST_CASE("below the reserve there is no space", "[blob]") {
  const TempFolder folder;
  const auto reserve =
      GENERATE(FreeSpaceReserve{std::int64_t{1} << 60, 0}, FreeSpaceReserve{0, 100});
  const auto store = OpenStore(folder.path(), reserve);
  const absl::Status refused = store->CheckSpace(0);
  CHECK_FAILS(refused, absl::StatusCode::kResourceExhausted, "storage_full");
  CHECK(base::RetryAfter(refused).has_value());
}

TEST_CASE("there is space for what fits", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path());
  CHECK_OK(store->CheckSpace(0));
  CHECK_OK(store->CheckSpace(1'000'000));
  CHECK_FAILS(store->CheckSpace(std::int64_t{1} << 60), absl::StatusCode::kResourceExhausted,
              "storage_full");
}

TEST_CASE("a disk that fills up meanwhile is storage_full too", "[blob]") {
  if (geteuid() != 0) {
    WARN("not run: only root can mount a small file system");
    return;
  }
  const TempFolder folder;
  if (mount("none", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("not run: this environment does not let root mount");
    return;
  }
  {
    const auto store = OpenStore(folder.path());
    const auto writer = Begin(*store, base::NewId("ast_"));
    const std::string chunk(256 * 1024, 'x');
    absl::Status status;
    for (int i = 0; i < 8 && status.ok(); ++i) status = writer->Write(chunk);
    CHECK_FAILS(status, absl::StatusCode::kResourceExhausted, "storage_full");
    CHECK(base::RetryAfter(status).has_value());
  }
  CHECK(FilesBelow(folder.path()) == 0);
  CHECK(umount(folder.path().c_str()) == 0);
}

TEST_CASE("the sweep's lists leave out what is young", "[blob]") {
  const TempFolder folder;
  const auto store = OpenStore(folder.path());
  const std::string id = base::NewId("ast_");
  const std::string path = Publish(*store, id, "bytes");
  // What a crash leaves in incoming/, and what is none of ours.
  std::ofstream(folder.path() + "/incoming/" + base::NewId("ast_") + ".0123.part") << "half";
  std::ofstream(folder.path() + "/incoming/README") << "keep";
  std::ofstream((fs::path(folder.path()) / path).parent_path() / "notes.mp4") << "keep";

  CHECK(store->RemoveUnfinished(kPast).value() == 0);
  CHECK(ListAll(*store, kPast).empty());
  CHECK(FilesBelow(folder.path()) == 4);

  CHECK(store->RemoveUnfinished(kFuture).value() == 1);
  CHECK(ListAll(*store, kFuture) == std::vector{id});
  CHECK(FilesBelow(folder.path()) == 3);
}

TEST_CASE("a folder that cannot be used is explained", "[blob]") {
  const TempFolder folder;
  std::ofstream(folder.path() + "/file") << "in the way";
  const auto store = VolumeBlobStore::Open(folder.path() + "/file", kNoReserve);
  CHECK_FAILS(store, absl::StatusCode::kFailedPrecondition, "storage_unusable");
  CHECK(base::Message(store.status()).find(folder.path()) != std::string_view::npos);
  CHECK_FAILS(VolumeBlobStore::Open("/proc/nowhere", kNoReserve),
              absl::StatusCode::kFailedPrecondition, "storage_unusable");
}

TEST_CASE("the folder is not open to the world", "[blob]") {
  const TempFolder folder;
  const std::string root = folder.path() + "/videos";
  const auto store = OpenStore(root);
  const std::string path = Publish(*store, base::NewId("ast_"), "bytes");
  struct stat info;
  REQUIRE(stat(root.c_str(), &info) == 0);
  CHECK((info.st_mode & 07) == 0);
  REQUIRE(stat((root + "/" + path).c_str(), &info) == 0);
  CHECK((info.st_mode & 07) == 0);
}

}  // namespace
}  // namespace mediarouter::media
