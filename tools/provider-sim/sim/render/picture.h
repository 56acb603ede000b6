#pragma once

#include <cstdint>
#include <vector>

// Drawing on a YUV 4:2:0 picture (BT.709, limited range): as little as the simulator's clips need.
namespace mediarouter::sim {

struct Rgb {
  double r = 0, g = 0, b = 0;  // 0..1, gamma encoded
};

struct Yuv {
  double y = 0, u = 0, v = 0;  // 0..255
};

Yuv ToYuv(const Rgb& color);

// Hue in turns, saturation and lightness 0..1.
Rgb FromHsl(double hue, double saturation, double lightness);

// Planes that somebody else owns. Width and height are even.
struct Picture {
  int width = 0;
  int height = 0;
  std::uint8_t* plane[3] = {};
  int stride[3] = {};
};

// How much of each pixel a shape covers, 0..255. Width and height are rounded up to even.
struct Mask {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> cover;  // row by row

  Mask() = default;
  Mask(int w, int h)
      : width((w + 1) & ~1),
        height((h + 1) & ~1),
        cover(static_cast<std::size_t>(width) * height) {}
  std::uint8_t* Row(int y) { return cover.data() + static_cast<std::size_t>(y) * width; }
  const std::uint8_t* Row(int y) const {
    return cover.data() + static_cast<std::size_t>(y) * width;
  }
};

// A rectangle with round corners, smooth at its edge.
Mask RoundedBox(int width, int height, double radius);

// Lays `color` over the picture where `mask` covers it, its corner at (x, y), which are taken down
// to even numbers. May reach outside.
void Stamp(const Picture& picture, const Mask& mask, int x, int y, const Rgb& color,
           double opacity = 1.0);

}  // namespace mediarouter::sim
