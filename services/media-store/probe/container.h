#pragma once

#include <cstdint>
#include <optional>
#include <span>

// The outermost structure of a video file, read without libav: which container it is, and whether
// its parts end where they say. Pure but for the reads; sees hostile bytes.
namespace mediarouter::probe {

// A file by descriptor. The descriptor stays the caller's.
class File {
 public:
  explicit File(int fd);

  int fd() const { return fd_; }
  std::int64_t size() const { return size_; }
  // Fills `bytes` from `offset`; false when the file has fewer.
  bool ReadAt(std::int64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  int fd_;
  std::int64_t size_;
};

enum class Container { kMp4, kQuickTime, kWebm, kMatroska };

const char* ContentType(Container container);

// By the first bytes, so that only the one demuxer that fits ever sees the file.
std::optional<Container> Recognize(const File& file);

// Whether each top-level box or element lies inside the file to its end: not so when a download
// broke off. An element of unknown size (a live recording) counts as whole.
bool IsWhole(const File& file, Container container);

}  // namespace mediarouter::probe
