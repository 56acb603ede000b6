#include "probe/container.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <string_view>

namespace mediarouter::probe {
namespace {

constexpr std::size_t kBoxHeader = 8;
constexpr std::size_t kLargeBoxHeader = 16;
constexpr std::uint32_t kEbml = 0x1A45DFA3;

std::uint64_t BigEndian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

std::string_view Text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// ISO/IEC 14496-12, 4.2: size and type, then a 64-bit size when size is 1; 0 reaches to the end.
bool BoxesAreWhole(const File& file) {
  std::int64_t at = 0;
  while (at < file.size()) {
    std::array<std::uint8_t, kLargeBoxHeader> head;
    if (!file.ReadAt(at, std::span(head).first(kBoxHeader))) return false;
    std::uint64_t size = BigEndian(std::span(head).first(4));
    if (size == 0) return true;
    std::size_t header = kBoxHeader;
    if (size == 1) {
      header = kLargeBoxHeader;
      if (!file.ReadAt(at, head)) return false;
      size = BigEndian(std::span(head).subspan(8));
    }
    if (size < header || size > static_cast<std::uint64_t>(file.size() - at)) return false;
    at += static_cast<std::int64_t>(size);
  }
  return true;
}

struct Vint {
  std::uint64_t raw;    // with the length marker, as ids are written
  std::uint64_t value;  // without
  int length;
  bool unknown;  // all ones: a size that was not known when it was written
};

// RFC 8794, section 4.
std::optional<Vint> ReadVint(const File& file, std::int64_t at) {
  std::array<std::uint8_t, 8> bytes;
  if (!file.ReadAt(at, std::span(bytes).first(1)) || bytes[0] == 0) return std::nullopt;
  const int length = std::countl_zero(bytes[0]) + 1;
  const auto used = std::span(bytes).first(static_cast<std::size_t>(length));
  if (!file.ReadAt(at, used)) return std::nullopt;
  const std::uint64_t raw = BigEndian(used);
  const std::uint64_t mask = (std::uint64_t{1} << (7 * length)) - 1;
  return Vint{raw, raw & mask, length, (raw & mask) == mask};
}

bool ElementsAreWhole(const File& file) {
  std::int64_t at = 0;
  while (at < file.size()) {
    const auto id = ReadVint(file, at);
    if (!id) return false;
    const auto size = ReadVint(file, at + id->length);
    if (!size) return false;
    if (size->unknown) return true;
    at += id->length + size->length;
    if (size->value > static_cast<std::uint64_t>(file.size() - at)) return false;
    at += static_cast<std::int64_t>(size->value);
  }
  return true;
}

}  // namespace

// By lseek: today's fstat is a system call that also takes paths, which the confined probe lacks.
File::File(int fd) : fd_(fd), size_(std::max<std::int64_t>(0, lseek(fd, 0, SEEK_END))) {}

bool File::ReadAt(std::int64_t offset, std::span<std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = pread(fd_, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += count;
  }
  return true;
}

const char* ContentType(Container container) {
  switch (container) {
    case Container::kMp4:
      return "video/mp4";
    case Container::kQuickTime:
      return "video/quicktime";
    case Container::kWebm:
      return "video/webm";
    case Container::kMatroska:
      return "video/x-matroska";
  }
  return "";
}

std::optional<Container> Recognize(const File& file) {
  std::array<std::uint8_t, 64> head{};
  const auto available = static_cast<std::size_t>(std::min<std::int64_t>(file.size(), head.size()));
  if (available < 12 || !file.ReadAt(0, std::span(head).first(available))) return std::nullopt;
  const std::string_view box = Text(std::span(head).subspan(4, 4));
  if (box == "ftyp") {
    return Text(std::span(head).subspan(8, 4)) == "qt  " ? Container::kQuickTime : Container::kMp4;
  }
  // QuickTime files from before `ftyp`.
  for (const std::string_view old : {"moov", "mdat", "wide", "free", "skip"}) {
    if (box == old) return Container::kQuickTime;
  }
  if (BigEndian(std::span(head).first(4)) == kEbml) {
    // DocType: id 0x4282, then its length and text.
    const std::string_view text = Text(head);
    const auto at = text.find("\x42\x82");
    const bool webm = at != std::string_view::npos && text.substr(at).find("webm") == 3;
    return webm ? Container::kWebm : Container::kMatroska;
  }
  return std::nullopt;
}

bool IsWhole(const File& file, Container container) {
  const bool boxes = container == Container::kMp4 || container == Container::kQuickTime;
  return boxes ? BoxesAreWhole(file) : ElementsAreWhole(file);
}

}  // namespace mediarouter::probe
