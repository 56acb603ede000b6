#include "sim/render/clip.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/status_macros.h"
#include "sim/render/backdrop.h"
#include "sim/render/encoder.h"
#include "sim/render/picture.h"
#include "sim/render/text.h"

namespace mediarouter::sim {
namespace {

constexpr int kFramesPerSecond = 24;
constexpr char kLabel[] = "SIMULATED - MediaRouter demo";
constexpr Rgb kWhite{1, 1, 1};
constexpr Rgb kBlack{0, 0, 0};

// Where things are, for any size of picture. Lengths are in units of a 720 pixel high picture.
class Scene {
 public:
  Scene(const ClipSpec& spec, int frames)
      : spec_(spec),
        frames_(frames),
        backdrop_(spec.width, spec.height, spec.prompt),
        regular_(RegularFontPaths()),
        bold_(BoldFontPaths()) {
    margin_ = Px(56);
    label_ = bold_.Line(kLabel, Px(20));
    label_box_ = RoundedBox(label_.width + Px(36), Px(42), Px(21));
    total_ = regular_.Line(Clock(frames), Px(26));
    track_ = RoundedBox(spec.width - 2 * margin_, Px(8), Px(4));
    knob_ = RoundedBox(Px(22), Px(22), Px(11));
    SetPrompt();
  }

  void Paint(const Picture& picture, int frame) {
    backdrop_.Paint(picture, static_cast<double>(frame) / frames_);
    PaintLabel(picture);
    PaintPrompt(picture);
    PaintTime(picture, frame);
  }

 private:
  int Px(double units) const {
    return static_cast<int>(std::lround(units * std::min(spec_.width, spec_.height) / 720));
  }

  static std::string Clock(int frame) {
    const int tenths = frame * 10 / kFramesPerSecond;
    return fmt::format("{:02}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10);
  }

  // The largest letters with which the whole prompt fits.
  void SetPrompt() {
    const int width = spec_.width - 2 * margin_;
    const int room = spec_.height - Px(150) - Px(190);
    for (int size = Px(68);; size -= std::max(Px(4), 1)) {
      line_height_ = bold_.LineHeight(size) & ~1;  // Stamp() would take odd lines down
      shadow_ = std::max(size / 18, 2);
      const int fit = std::max(room / line_height_, 1);
      const bool last = size <= Px(30);
      const auto lines = bold_.Wrap(spec_.prompt, size, width, last ? fit : fit + 1);
      if (!last && static_cast<int>(lines.size()) > fit) continue;
      for (const std::string& line : lines) prompt_.push_back(bold_.Line(line, size));
      return;
    }
  }

  void PaintLabel(const Picture& picture) const {
    if (!bold_.usable()) return;
    Stamp(picture, label_box_, margin_, margin_, kBlack, 0.35);
    Stamp(picture, label_, margin_ + Px(18), margin_ + Px(9), kWhite, 0.92);
  }

  void PaintPrompt(const Picture& picture) const {
    const int height = static_cast<int>(prompt_.size()) * line_height_;
    int y = (spec_.height - height) / 2 - Px(10);
    for (const Mask& line : prompt_) {
      Stamp(picture, line, margin_ + shadow_, y + shadow_, kBlack, 0.35);
      Stamp(picture, line, margin_, y, kWhite, 0.97);
      y += line_height_;
    }
  }

  void PaintTime(const Picture& picture, int frame) {
    const int bottom = spec_.height - margin_;
    const Mask now = bold_.Line(Clock(frame), Px(44));
    Stamp(picture, now, margin_ + Px(2), bottom - Px(90), kBlack, 0.30);
    Stamp(picture, now, margin_, bottom - Px(92), kWhite, 0.97);
    Stamp(picture, total_, spec_.width - margin_ - total_.width, bottom - Px(74), kWhite, 0.70);

    const double done = frames_ > 1 ? static_cast<double>(frame) / (frames_ - 1) : 1.0;
    const int length = track_.width;
    const int filled = std::max(static_cast<int>(done * length), track_.height);
    const int y = bottom - Px(15);
    Stamp(picture, track_, margin_, y, kWhite, 0.25);
    Stamp(picture, RoundedBox(filled, track_.height, Px(4)), margin_, y, kWhite, 0.95);
    const int knob = margin_ + std::clamp(filled - knob_.width / 2, 0, length - knob_.width);
    Stamp(picture, knob_, knob, y + track_.height / 2 - knob_.height / 2, kWhite);
  }

  const ClipSpec& spec_;
  const int frames_;
  Backdrop backdrop_;
  Font regular_;
  Font bold_;
  int margin_ = 0;
  Mask label_, label_box_, total_, track_, knob_;
  std::vector<Mask> prompt_;
  int line_height_ = 1;
  int shadow_ = 2;
};

std::shared_ptr<const int> MemoryFile() {
  const int fd = memfd_create("clip", MFD_CLOEXEC);
  if (fd < 0) return nullptr;
  return {new int(fd), [](const int* open) {
            close(*open);
            delete open;
          }};
}

std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

}  // namespace

absl::StatusOr<Clip> RenderClip(const ClipSpec& spec) {
  Clip clip{.fd = MemoryFile()};
  if (!clip.fd) {
    return base::ResourceExhausted("no_memory", "memfd_create: {}", std::strerror(errno));
  }
  const int frames = spec.seconds * kFramesPerSecond;
  MR_ASSIGN_OR_RETURN(const auto encoder,
                      Encoder::Create(*clip.fd, spec.width, spec.height, kFramesPerSecond));
  Scene scene(spec, frames);
  for (int frame = 0; frame < frames; ++frame) {
    MR_ASSIGN_OR_RETURN(const Picture picture, encoder->NextPicture());
    scene.Paint(picture, frame);
    MR_RETURN_IF_ERROR(encoder->Add());
  }
  MR_RETURN_IF_ERROR(encoder->Finish());
  struct stat info = {};
  if (fstat(*clip.fd, &info) != 0) {
    return base::Internal("encode_failed", "fstat: {}", std::strerror(errno));
  }
  clip.size = static_cast<std::uint64_t>(info.st_size);
  clip.etag = fmt::format(
      "\"{:016x}-{}\"",
      Hash(fmt::format("{}/{}x{}/{}", spec.seconds, spec.width, spec.height, spec.prompt)),
      clip.size);
  return clip;
}

}  // namespace mediarouter::sim
