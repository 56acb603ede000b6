#include "sim/render/text.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cstdlib>
#include <unordered_map>

namespace mediarouter::sim {
namespace {

constexpr char kEllipsis[] = "\u2026";
constexpr char32_t kReplacement = 0xFFFD;

// Takes one code point off the front; damaged bytes give U+FFFD, a byte at a time.
char32_t NextCodePoint(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (lead < 0x80 || length > text.size() || lead < 0xC0) {
    text.remove_prefix(1);
    return lead < 0x80 ? lead : kReplacement;
  }
  char32_t code = lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  text.remove_prefix(length);
  return code;
}

// Joiners and variation selectors shape their neighbours and have no glyph of their own.
bool IsInvisible(char32_t code) {
  return code < 0x20 || (code >= 0x200B && code <= 0x200F) || (code >= 0xFE00 && code <= 0xFE0F);
}

// The words of a text, separated by any white space; a line break is as good as a space here.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

struct Glyph {
  int left = 0, top = 0, advance = 0;
  Mask mask;
};

std::vector<std::string> FontPaths(std::initializer_list<const char*> standard) {
  std::vector<std::string> paths;
  if (const char* chosen = std::getenv("PROVIDER_SIM_FONT")) paths.emplace_back(chosen);
  paths.insert(paths.end(), standard.begin(), standard.end());
  return paths;
}

}  // namespace

struct Font::Impl {
  FT_Library library = nullptr;
  FT_Face face = nullptr;
  int size = 0;
  std::unordered_map<char32_t, Glyph> glyphs;  // of the present size

  ~Impl() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }

  void SetSize(int pixels) {
    if (pixels == size) return;
    size = pixels;
    glyphs.clear();
    FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(pixels));
  }

  const Glyph& Get(char32_t code) {
    const auto [entry, added] = glyphs.try_emplace(code);
    Glyph& glyph = entry->second;
    if (!added || FT_Load_Char(face, code, FT_LOAD_RENDER | FT_LOAD_NO_HINTING) != 0) return glyph;
    const FT_GlyphSlot slot = face->glyph;
    const FT_Bitmap& bitmap = slot->bitmap;
    glyph.left = slot->bitmap_left;
    glyph.top = slot->bitmap_top;
    glyph.advance = static_cast<int>((slot->advance.x + 32) >> 6);
    glyph.mask = Mask(static_cast<int>(bitmap.width), static_cast<int>(bitmap.rows));
    for (int y = 0; y < static_cast<int>(bitmap.rows); ++y) {
      std::copy_n(bitmap.buffer + static_cast<std::ptrdiff_t>(y) * bitmap.pitch, bitmap.width,
                  glyph.mask.Row(y));
    }
    return glyph;
  }
};

Font::Font(const std::vector<std::string>& paths) : impl_(std::make_unique<Impl>()) {
  if (FT_Init_FreeType(&impl_->library) != 0) return;
  for (const std::string& path : paths) {
    if (FT_New_Face(impl_->library, path.c_str(), 0, &impl_->face) == 0) return;
    impl_->face = nullptr;
  }
}

Font::~Font() = default;

bool Font::usable() const { return impl_->face != nullptr; }

int Font::Width(std::string_view utf8, int size) {
  if (!usable()) return 0;
  impl_->SetSize(size);
  int width = 0;
  while (!utf8.empty()) {
    const char32_t code = NextCodePoint(utf8);
    if (!IsInvisible(code)) width += impl_->Get(code).advance;
  }
  return width;
}

Mask Font::Line(std::string_view utf8, int size) {
  if (!usable()) return {};
  Mask line(std::max(Width(utf8, size), 1), LineHeight(size));
  const int baseline = size;
  int pen = 0;
  while (!utf8.empty()) {
    const char32_t code = NextCodePoint(utf8);
    if (IsInvisible(code)) continue;
    const Glyph& glyph = impl_->Get(code);
    for (int y = 0; y < glyph.mask.height; ++y) {
      const int to_y = baseline - glyph.top + y;
      if (to_y < 0 || to_y >= line.height) continue;
      for (int x = 0; x < glyph.mask.width; ++x) {
        const int to_x = pen + glyph.left + x;
        if (to_x < 0 || to_x >= line.width) continue;
        line.Row(to_y)[to_x] = std::max(line.Row(to_y)[to_x], glyph.mask.Row(y)[x]);
      }
    }
    pen += glyph.advance;
  }
  return line;
}

std::vector<std::string> Font::Wrap(std::string_view utf8, int size, int width, int max_lines) {
  std::vector<std::string> lines;
  if (!usable()) return lines;
  const auto limit = static_cast<std::size_t>(max_lines);
  std::string line;
  for (const std::string& word : Words(utf8)) {
    if (lines.size() > limit) break;
    const std::string longer = line.empty() ? word : line + ' ' + word;
    if (Width(longer, size) <= width) {
      line = longer;
      continue;
    }
    if (!line.empty()) lines.push_back(std::move(line));
    line.clear();
    // A word wider than a line is broken where the line ends.
    for (std::string_view rest = word; !rest.empty() && lines.size() <= limit;) {
      std::string_view after = rest;
      NextCodePoint(after);
      const std::string_view letter = rest.substr(0, rest.size() - after.size());
      std::string with = line;
      with += letter;
      if (!line.empty() && Width(with, size) > width) {
        lines.push_back(std::move(line));
        line = letter;
      } else {
        line = std::move(with);
      }
      rest = after;
    }
  }
  if (!line.empty()) lines.push_back(std::move(line));
  if (lines.size() > limit) {
    lines.resize(limit);
    std::string& last = lines.back();
    while (!last.empty() && Width(last + kEllipsis, size) > width) {
      while (!last.empty() && (static_cast<unsigned char>(last.back()) & 0xC0) == 0x80) {
        last.pop_back();
      }
      if (!last.empty()) last.pop_back();
    }
    last += kEllipsis;
  }
  return lines;
}

std::vector<std::string> RegularFontPaths() {
  return FontPaths(
      {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans.ttf"});
}

std::vector<std::string> BoldFontPaths() {
  return FontPaths({"/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
                    "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf"});
}

}  // namespace mediarouter::sim
