#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "sim/render/picture.h"

namespace mediarouter::sim {

// The moving background: a diagonal gradient with soft lights that drift across it, its colours
// chosen by the prompt, so that clips are told apart at a glance. It repeats after one turn.
class Backdrop {
 public:
  Backdrop(int width, int height, std::string_view prompt);

  // Fills the whole picture. `turn` is 0..1 through the clip.
  void Paint(const Picture& picture, double turn);

 private:
  struct Light {
    Rgb color;
    double x, y, sway, radius;  // fractions of the picture's longer side
    double phase;
    int speed;  // circles a turn
  };

  Rgb ColorAt(double x, double y, double turn) const;

  int columns_, rows_;  // cells
  double aspect_x_, aspect_y_;
  Rgb from_, to_;
  std::array<Light, 3> lights_;
  std::vector<Yuv> grid_;  // (columns_ + 1) x (rows_ + 1) corners
};

}  // namespace mediarouter::sim
