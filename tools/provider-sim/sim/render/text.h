#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/render/picture.h"

namespace mediarouter::sim {

// One font file, drawn by FreeType. Where the file is missing every text is empty: the clips then
// show no text, nothing else changes. Not thread-safe; cheap enough to make one for each clip.
class Font {
 public:
  // The first of `paths` that can be read.
  explicit Font(const std::vector<std::string>& paths);
  ~Font();
  Font(const Font&) = delete;
  Font& operator=(const Font&) = delete;

  bool usable() const;

  // Pixels that `utf8` takes in a line at `size` pixels to the em.
  int Width(std::string_view utf8, int size);

  // One line; the mask is as high as LineHeight(size), whatever the text.
  Mask Line(std::string_view utf8, int size);
  int LineHeight(int size) const { return size * 5 / 4; }

  // Breaks `utf8` into lines of at most `width` pixels, at spaces where that is possible. Of more
  // than `max_lines` the rest is cut and the last one ends in an ellipsis.
  std::vector<std::string> Wrap(std::string_view utf8, int size, int width, int max_lines);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Debian's fonts-dejavu-core; PROVIDER_SIM_FONT names another file to use for everything.
std::vector<std::string> RegularFontPaths();
std::vector<std::string> BoldFontPaths();

}  // namespace mediarouter::sim
