#include "sim/render/picture.h"

#include <algorithm>
#include <cmath>

namespace mediarouter::sim {
namespace {

// Moves `pixel` to `color` by alpha / 256.
void Mix(std::uint8_t& pixel, int color, int alpha) {
  pixel = static_cast<std::uint8_t>(pixel + (((color - pixel) * alpha + 128) >> 8));
}

}  // namespace

Yuv ToYuv(const Rgb& c) {
  const double luma = 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
  return {16 + 219 * luma, 128 + 224 * (c.b - luma) / 1.8556, 128 + 224 * (c.r - luma) / 1.5748};
}

Rgb FromHsl(double hue, double saturation, double lightness) {
  const double chroma = saturation * std::min(lightness, 1 - lightness);
  const auto channel = [&](double n) {
    const double k = std::fmod(n + (hue - std::floor(hue)) * 12, 12);
    return lightness - chroma * std::clamp(std::min(k - 3, 9 - k), -1.0, 1.0);
  };
  return {channel(0), channel(8), channel(4)};
}

Mask RoundedBox(int width, int height, double radius) {
  Mask mask(width, height);
  const double r = std::min({radius, width / 2.0, height / 2.0});
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double dx = std::max({r - (x + 0.5), (x + 0.5) - (width - r), 0.0});
      const double dy = std::max({r - (y + 0.5), (y + 0.5) - (height - r), 0.0});
      const double inside = r - std::hypot(dx, dy) + 0.5;
      mask.Row(y)[x] = static_cast<std::uint8_t>(std::lround(std::clamp(inside, 0.0, 1.0) * 255));
    }
  }
  return mask;
}

void Stamp(const Picture& picture, const Mask& mask, int x, int y, const Rgb& color,
           double opacity) {
  x &= ~1;
  y &= ~1;
  const Yuv yuv = ToYuv(color);
  const int luma = static_cast<int>(std::lround(yuv.y));
  const int u = static_cast<int>(std::lround(yuv.u)), v = static_cast<int>(std::lround(yuv.v));
  const int scale = static_cast<int>(std::lround(opacity * 257));  // 255 * 257 / 256 is 256
  const int left = std::max(x, 0), right = std::min(x + mask.width, picture.width);
  const int top = std::max(y, 0), bottom = std::min(y + mask.height, picture.height);

  // No branches inside: the compiler makes vector code of these loops.
  for (int py = top; py < bottom; ++py) {
    std::uint8_t* row = picture.plane[0] + static_cast<std::ptrdiff_t>(py) * picture.stride[0];
    const std::uint8_t* cover = mask.Row(py - y) - x;
    for (int px = left; px < right; ++px) Mix(row[px], luma, (cover[px] * scale + 128) >> 8);
  }
  // A chroma sample covers two by two pixels: it takes the mean of their coverage.
  for (int py = top; py < bottom; py += 2) {
    const std::ptrdiff_t line = py / 2;
    std::uint8_t* row_u = picture.plane[1] + line * picture.stride[1];
    std::uint8_t* row_v = picture.plane[2] + line * picture.stride[2];
    const std::uint8_t* upper = mask.Row(py - y) - x;
    const std::uint8_t* lower = mask.Row(py - y + 1) - x;
    for (int px = left; px < right; px += 2) {
      const int cover = upper[px] + upper[px + 1] + lower[px] + lower[px + 1];
      const int alpha = (cover * scale + 512) >> 10;
      Mix(row_u[px / 2], u, alpha);
      Mix(row_v[px / 2], v, alpha);
    }
  }
}

}  // namespace mediarouter::sim
