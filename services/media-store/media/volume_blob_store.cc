#include "media/volume_blob_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "crypto/hmac.h"

namespace mediarouter::media {
namespace {

constexpr char kIncoming[] = "incoming";
constexpr std::string_view kSuffix = ".mp4";
constexpr std::string_view kUnfinishedSuffix = ".part";
constexpr auto kFullRetryAfter = std::chrono::seconds(60);
// Written bytes go to the disk in steps of this size, so that Seal finds little left to sync.
constexpr std::int64_t kWritebackStep = std::int64_t{16} << 20;

std::string ErrorText(int error) { return std::strerror(error); }

absl::Status StorageFull(std::string_view detail) {
  return base::WithRetryAfter(
      base::ResourceExhausted("storage_full", "the media volume is full: {}", detail),
      kFullRetryAfter);
}

absl::Status StorageError(std::string_view action, int error) {
  if (error == ENOSPC || error == EDQUOT) return StorageFull(ErrorText(error));
  return base::Internal("storage_failed", "cannot {}: {}", action, ErrorText(error));
}

absl::Status Unusable(const std::string& root, std::string_view action, int error) {
  return base::FailedPrecondition("storage_unusable",
                                  "STORAGE_PATH {}: cannot {}: {} (running as user {})", root,
                                  action, ErrorText(error), geteuid());
}

absl::Status RequireId(std::string_view id) {
  if (base::IsId("ast_", id)) return absl::OkStatus();
  return base::InvalidArgument("invalid_asset_id", "not an asset id");
}

struct Place {
  std::string outer;  // "3f"
  std::string inner;  // "3f/a0"
  std::string file;   // "3f/a0/ast_....mp4"
};

Place PlaceOf(const std::string& id) {
  const std::string hash = crypto::Sha256Hex(id);
  Place place;
  place.outer = hash.substr(0, 2);
  place.inner = place.outer + "/" + hash.substr(2, 2);
  place.file = place.inner + "/" + id + std::string(kSuffix);
  return place;
}

absl::StatusOr<UniqueFd> OpenFolder(int parent, const char* name) {
  UniqueFd folder(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.valid()) return StorageError(fmt::format("open the folder {}", name), errno);
  return folder;
}

absl::StatusOr<UniqueFd> MakeFolder(int parent, const std::string& name) {
  if (mkdirat(parent, name.c_str(), 0750) != 0 && errno != EEXIST) {
    return StorageError(fmt::format("make the folder {}", name), errno);
  }
  return OpenFolder(parent, name.c_str());
}

absl::Status Sync(int fd) {
  if (fsync(fd) == 0) return absl::OkStatus();
  return StorageError("sync", errno);
}

// Rename that fails when `to` exists, also where the file system lacks RENAME_NOREPLACE (NFS).
int RenameWithoutReplacing(int from_folder, const char* from, int to_folder, const char* to) {
  if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (linkat(from_folder, from, to_folder, to, 0) != 0) return errno;
  unlinkat(from_folder, from, 0);  // a name that stays behind is swept
  return 0;
}

class VolumeBlobWriter final : public BlobWriter {
 public:
  VolumeBlobWriter(int root, int incoming, std::string id, std::string name, UniqueFd file)
      : root_(root),
        incoming_(incoming),
        id_(std::move(id)),
        name_(std::move(name)),
        file_(std::move(file)) {}

  ~VolumeBlobWriter() override {
    if (!published_) unlinkat(incoming_, name_.c_str(), 0);
  }

  absl::Status Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return StorageError("write", errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      written_ += count;
    }
    if (written_ - flushed_ >= kWritebackStep) {
      // Only a start: that it fails shows in fsync.
      sync_file_range(file_.get(), flushed_, written_ - flushed_, SYNC_FILE_RANGE_WRITE);
      flushed_ = written_;
    }
    return absl::OkStatus();
  }

  absl::Status Seal() override { return Sync(file_.get()); }

  absl::StatusOr<UniqueFd> OpenForReading() override {
    UniqueFd file(openat(incoming_, name_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file.valid()) return StorageError("open what was written", errno);
    return file;
  }

  absl::StatusOr<std::string> Publish() override {
    const Place place = PlaceOf(id_);
    MR_ASSIGN_OR_RETURN(const UniqueFd outer, MakeFolder(root_, place.outer));
    MR_ASSIGN_OR_RETURN(const UniqueFd inner, MakeFolder(root_, place.inner));
    const int error = RenameWithoutReplacing(incoming_, name_.c_str(), root_, place.file.c_str());
    if (error == EEXIST) return base::AlreadyExists("blob_exists", "{} has its bytes already", id_);
    if (error != 0) return StorageError("publish", error);
    published_ = true;
    // From the file's folder upwards: another process may have made one without having synced yet.
    absl::Status synced;
    for (const int folder : {inner.get(), outer.get(), root_, incoming_})
      synced.Update(Sync(folder));
    if (!synced.ok()) {
      unlinkat(root_, place.file.c_str(), 0);
      return synced;
    }
    return place.file;
  }

 private:
  const int root_;
  const int incoming_;
  const std::string id_;
  const std::string name_;
  const UniqueFd file_;
  std::int64_t written_ = 0;
  std::int64_t flushed_ = 0;
  bool published_ = false;
};

class VolumeBlobReader final : public BlobReader {
 public:
  VolumeBlobReader(UniqueFd file, std::int64_t size) : file_(std::move(file)), size_(size) {}

  std::int64_t size() const override { return size_; }

  absl::StatusOr<std::string> ReadAt(std::int64_t offset, std::size_t length) override {
    std::string bytes(length, '\0');
    std::size_t filled = 0;
    while (filled < length) {
      const ssize_t count = pread(file_.get(), bytes.data() + filled, length - filled,
                                  offset + static_cast<std::int64_t>(filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return base::DataLoss("storage_failed", "cannot read: {}", ErrorText(errno));
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    bytes.resize(filled);
    return bytes;
  }

 private:
  const UniqueFd file_;
  const std::int64_t size_;
};

// Calls `visit` with the name and age of each regular file of a folder.
absl::Status VisitFiles(UniqueFd folder,
                        const std::function<void(const char*, BlobStore::Time)>& visit) {
  const int copy = fcntl(folder.get(), F_DUPFD_CLOEXEC, 0);
  DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
  if (stream == nullptr) {
    const int error = errno;
    if (copy >= 0) close(copy);
    return StorageError("list a folder", error);
  }
  while (const dirent* entry = readdir(stream)) {
    struct stat info;
    if (fstatat(folder.get(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(info.st_mode)) continue;
    const auto touched =
        std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
    visit(entry->d_name,
          BlobStore::Time(std::chrono::duration_cast<BlobStore::Time::duration>(touched)));
  }
  closedir(stream);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<VolumeBlobStore>> VolumeBlobStore::Open(const std::string& root,
                                                                       FreeSpaceReserve reserve) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(root).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(root.c_str(), 0750) != 0 && errno != EEXIST) {
    return Unusable(root, "make the folder", errno);
  }
  UniqueFd folder(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return Unusable(root, "open the folder", errno);
  if (mkdirat(folder.get(), kIncoming, 0750) != 0 && errno != EEXIST) {
    return Unusable(root, "write", errno);
  }
  UniqueFd incoming(
      openat(folder.get(), kIncoming, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!incoming.valid()) return Unusable(root, "open its folder incoming", errno);
  // Only a write tells whether a volume is writable: permissions do not show a read-only mount.
  const std::string name = base::NewId("check_") + std::string(kUnfinishedSuffix);
  const UniqueFd check(
      openat(incoming.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!check.valid()) return Unusable(root, "write in its folder incoming", errno);
  unlinkat(incoming.get(), name.c_str(), 0);
  return std::unique_ptr<VolumeBlobStore>(
      new VolumeBlobStore(std::move(folder), std::move(incoming), reserve));
}

absl::StatusOr<std::int64_t> VolumeBlobStore::FreeBytes() {
  struct statvfs info;
  if (fstatvfs(root_.get(), &info) != 0) return StorageError("ask for the free space", errno);
  const auto unit = static_cast<std::int64_t>(info.f_frsize);
  const std::int64_t total = static_cast<std::int64_t>(info.f_blocks) * unit;
  const std::int64_t free = static_cast<std::int64_t>(info.f_bavail) * unit;
  return std::max<std::int64_t>(0, free - std::max(reserve_.bytes, total / 100 * reserve_.percent));
}

absl::Status VolumeBlobStore::CheckSpace(std::int64_t bytes) {
  MR_ASSIGN_OR_RETURN(const std::int64_t free, FreeBytes());
  if (free > 0 && free >= bytes) return absl::OkStatus();
  return StorageFull(fmt::format("{} bytes are left above the reserve", free));
}

absl::StatusOr<std::unique_ptr<BlobWriter>> VolumeBlobStore::Create(const std::string& id) {
  MR_RETURN_IF_ERROR(RequireId(id));
  const std::string name =
      id + "." + base::HexEncode(base::RandomBytes(8)) + std::string(kUnfinishedSuffix);
  UniqueFd file(openat(incoming_.get(), name.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!file.valid()) return StorageError("make a temporary file", errno);
  return std::make_unique<VolumeBlobWriter>(root_.get(), incoming_.get(), id, name,
                                            std::move(file));
}

absl::StatusOr<std::unique_ptr<BlobReader>> VolumeBlobStore::Open(const std::string& id) {
  MR_RETURN_IF_ERROR(RequireId(id));
  UniqueFd file(openat(root_.get(), PlaceOf(id).file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) {
    return base::NotFound("blob_missing", "{} has no bytes", id);
  }
  if (!file.valid()) return StorageError("open a blob", errno);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return StorageError("open a blob", errno);
  return std::make_unique<VolumeBlobReader>(std::move(file), info.st_size);
}

absl::Status VolumeBlobStore::Remove(const std::string& id) {
  MR_RETURN_IF_ERROR(RequireId(id));
  if (unlinkat(root_.get(), PlaceOf(id).file.c_str(), 0) != 0 && errno != ENOENT) {
    return StorageError("remove a blob", errno);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> VolumeBlobStore::RemoveUnfinished(Time before) {
  MR_ASSIGN_OR_RETURN(UniqueFd folder, OpenFolder(root_.get(), kIncoming));
  int removed = 0;
  MR_RETURN_IF_ERROR(VisitFiles(std::move(folder), [&](const char* name, Time touched) {
    if (touched >= before || !std::string_view(name).ends_with(kUnfinishedSuffix)) return;
    if (unlinkat(incoming_.get(), name, 0) == 0) ++removed;
  }));
  return removed;
}

absl::Status VolumeBlobStore::ListShelf(int shelf, Time before,
                                        const std::function<void(std::string id)>& found) {
  for (int i = 0; i < 256; ++i) {
    const std::string name = fmt::format("{:02x}/{:02x}", shelf, i);
    UniqueFd folder(
        openat(root_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.valid() && errno == ENOENT) continue;
    if (!folder.valid()) return StorageError("list a folder", errno);
    MR_RETURN_IF_ERROR(VisitFiles(std::move(folder), [&](const char* file, Time touched) {
      std::string_view id(file);
      if (touched >= before || !id.ends_with(kSuffix)) return;
      id.remove_suffix(kSuffix.size());
      // Files that are not ours by name are not ours to remove.
      if (base::IsId("ast_", id)) found(std::string(id));
    }));
  }
  return absl::OkStatus();
}

}  // namespace mediarouter::media
