#include "sim/render/backdrop.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace mediarouter::sim {
namespace {

constexpr int kCell = 16;  // pixels; colours are computed at corners and drawn between them
constexpr int kFraction = 16;

// Not the standard library's, so that a clip has the same bytes everywhere.
std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

int Fixed(double value) { return static_cast<int>(std::lround(value * (1 << kFraction))); }

// Fills a plane by bilinear interpolation of `value` at the corners of cells of `cell` pixels.
template <typename Value>
void Fill(std::uint8_t* plane, int stride, int width, int height, int cell, int columns,
          const std::vector<Yuv>& grid, Value value) {
  const int corners = columns + 1;
  std::vector<int> across(static_cast<std::size_t>(corners));
  for (int y = 0; y < height; ++y) {
    const double down = static_cast<double>(y % cell) / cell;
    const Yuv* upper = &grid[static_cast<std::size_t>(y / cell) * corners];
    for (int i = 0; i < corners; ++i) {
      across[i] = Fixed(value(upper[i]) * (1 - down) + value(upper[i + corners]) * down + 0.5);
    }
    std::uint8_t* row = plane + static_cast<std::ptrdiff_t>(y) * stride;
    for (int i = 0, x = 0; x < width; ++i) {
      const int step = (across[i + 1] - across[i]) / cell;
      int level = across[i];
      for (const int end = std::min(x + cell, width); x < end; ++x, level += step) {
        row[x] = static_cast<std::uint8_t>(level >> kFraction);
      }
    }
  }
}

}  // namespace

Backdrop::Backdrop(int width, int height, std::string_view prompt)
    : columns_((width + kCell - 1) / kCell),
      rows_((height + kCell - 1) / kCell),
      grid_(static_cast<std::size_t>(columns_ + 1) * (rows_ + 1)) {
  const double longer = std::max(width, height);
  aspect_x_ = width / longer;
  aspect_y_ = height / longer;
  const std::uint64_t hash = Hash(prompt);
  // From cyan over blue and purple to red: dark yellows and greens look like mud.
  const double hue = 0.52 + 0.43 * static_cast<double>(hash % 360) / 360;
  const double phase = static_cast<double>((hash >> 16) % 1000) / 1000;
  // Neighbours on the colour wheel: opposites would mix to mud where they meet.
  from_ = FromHsl(hue, 0.65, 0.13);
  to_ = FromHsl(hue + 0.12, 0.60, 0.25);
  lights_ = {Light{FromHsl(hue + 0.05, 0.75, 0.46), 0.24, 0.30, 0.13, 0.22, phase, 1},
             Light{FromHsl(hue - 0.10, 0.70, 0.42), 0.78, 0.62, 0.15, 0.26, phase + 0.4, -1},
             Light{FromHsl(hue + 0.14, 0.65, 0.40), 0.55, 0.15, 0.20, 0.17, phase + 0.7, 2}};
}

Rgb Backdrop::ColorAt(double x, double y, double turn) const {
  const double slope = std::clamp(0.5 * (x / aspect_x_ + y / aspect_y_), 0.0, 1.0);
  Rgb color{std::lerp(from_.r, to_.r, slope), std::lerp(from_.g, to_.g, slope),
            std::lerp(from_.b, to_.b, slope)};
  for (const Light& light : lights_) {
    const double angle = 2 * std::numbers::pi * (turn * light.speed + light.phase);
    const double dx = x - light.x * aspect_x_ - light.sway * std::cos(angle);
    const double dy = y - light.y * aspect_y_ - light.sway * std::sin(angle) * 0.7;
    const double weight = 0.75 * std::exp(-(dx * dx + dy * dy) / (2 * light.radius * light.radius));
    color = {std::lerp(color.r, light.color.r, weight), std::lerp(color.g, light.color.g, weight),
             std::lerp(color.b, light.color.b, weight)};
  }
  return color;
}

void Backdrop::Paint(const Picture& picture, double turn) {
  const double longer = std::max(picture.width, picture.height);
  for (int row = 0; row <= rows_; ++row) {
    for (int column = 0; column <= columns_; ++column) {
      grid_[static_cast<std::size_t>(row) * (columns_ + 1) + column] =
          ToYuv(ColorAt(column * kCell / longer, row * kCell / longer, turn));
    }
  }
  Fill(picture.plane[0], picture.stride[0], picture.width, picture.height, kCell, columns_, grid_,
       [](const Yuv& c) { return c.y; });
  Fill(picture.plane[1], picture.stride[1], picture.width / 2, picture.height / 2, kCell / 2,
       columns_, grid_, [](const Yuv& c) { return c.u; });
  Fill(picture.plane[2], picture.stride[2], picture.width / 2, picture.height / 2, kCell / 2,
       columns_, grid_, [](const Yuv& c) { return c.v; });
}

}  // namespace mediarouter::sim
