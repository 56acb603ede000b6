#include "sim/render/clip.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "sim/render/text.h"
#include "support/status_matchers.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace mediarouter::sim {
namespace {

struct Probe {
  std::string codec;
  int width = 0, height = 0;
  double seconds = 0;
  int frames = 0;
  std::size_t shades = 0;  // different luma levels of the first frame
};

Probe ProbeClip(const Clip& clip) {
  Probe probe;
  AVFormatContext* format = nullptr;
  const std::string path = fmt::format("/proc/self/fd/{}", *clip.fd);
  REQUIRE(avformat_open_input(&format, path.c_str(), nullptr, nullptr) == 0);
  REQUIRE(avformat_find_stream_info(format, nullptr) >= 0);
  REQUIRE(format->nb_streams == 1);
  const AVCodecParameters* track = format->streams[0]->codecpar;
  probe.codec = avcodec_get_name(track->codec_id);
  probe.width = track->width;
  probe.height = track->height;
  probe.seconds = static_cast<double>(format->duration) / AV_TIME_BASE;

  AVCodecContext* decoder = avcodec_alloc_context3(avcodec_find_decoder(track->codec_id));
  REQUIRE(avcodec_parameters_to_context(decoder, track) >= 0);
  REQUIRE(avcodec_open2(decoder, nullptr, nullptr) == 0);
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  bool more = true;
  while (more) {
    more = av_read_frame(format, packet) == 0;
    REQUIRE(avcodec_send_packet(decoder, more ? packet : nullptr) == 0);
    av_packet_unref(packet);
    while (avcodec_receive_frame(decoder, frame) == 0) {
      if (probe.frames++ > 0) continue;
      std::set<std::uint8_t> shades;
      for (int y = 0; y < frame->height; ++y) {
        const std::uint8_t* row =
            frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0];
        shades.insert(row, row + frame->width);
      }
      probe.shades = shades.size();
    }
  }
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&decoder);
  avformat_close_input(&format);
  return probe;
}

std::string Bytes(const Clip& clip) {
  std::string bytes(clip.size, '\0');
  REQUIRE(pread(*clip.fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return bytes;
}

TEST_CASE("a clip is an H.264 MP4 of the size and length that were asked for", "[clip]") {
  const auto [seconds, width, height] =
      GENERATE(table<int, int, int>({{4, 1280, 720}, {4, 720, 1280}, {8, 1280, 720}}));
  const auto clip =
      RenderClip({.prompt = "a cat", .seconds = seconds, .width = width, .height = height});
  REQUIRE_OK(clip);
  const Probe probe = ProbeClip(*clip);
  CHECK(probe.codec == "h264");
  CHECK(probe.width == width);
  CHECK(probe.height == height);
  CHECK(std::abs(probe.seconds - seconds) < 0.1);
  CHECK(probe.frames == seconds * 24);
  CHECK(probe.shades > 40);
}

TEST_CASE("the index comes before the pictures", "[clip]") {
  const std::string bytes = Bytes(*RenderClip({.prompt = "x"}));
  CHECK(bytes.find("moov") < bytes.find("mdat"));
}

TEST_CASE("the same spec gives the same bytes, another prompt others", "[clip]") {
  const Clip first = *RenderClip({.prompt = "a cat"});
  const Clip again = *RenderClip({.prompt = "a cat"});
  const Clip other = *RenderClip({.prompt = "a dog"});
  CHECK(first.etag == again.etag);
  CHECK(Bytes(first) == Bytes(again));
  CHECK(first.etag != other.etag);
  CHECK(Bytes(first) != Bytes(other));
}

TEST_CASE("any prompt can be drawn", "[clip]") {
  std::string endless;
  for (int i = 0; i < 8000; ++i) endless += "word";
  const std::string prompt =
      GENERATE_COPY(std::string("\xff\xfe broken \xc3"), std::string("\n\t "), endless,
                    std::string("Größe 猫 🐈\u200d\ufe0f"));
  CHECK_OK(RenderClip({.prompt = prompt, .seconds = 1}));
}

TEST_CASE("without a font there is no text and no crash", "[clip]") {
  Font font({"/nonexistent.ttf"});
  CHECK_FALSE(font.usable());
  CHECK(font.Width("abc", 20) == 0);
  CHECK(font.Line("abc", 20).cover.empty());
  CHECK(font.Wrap("abc", 20, 100, 3).empty());
}

TEST_CASE("text is wrapped at spaces, long words anywhere, the rest is cut", "[clip]") {
  Font font(BoldFontPaths());
  if (!font.usable()) return;
  const int width = font.Width("one two", 20);
  CHECK(font.Wrap("one two three", 20, width, 9) == std::vector<std::string>{"one two", "three"});
  const auto broken = font.Wrap("onetwothreefour", 20, width, 9);
  CHECK(broken.size() > 1);
  for (const std::string& line : broken) CHECK(font.Width(line, 20) <= width);
  const auto cut = font.Wrap("one two three four five six", 20, width, 2);
  REQUIRE(cut.size() == 2);
  CHECK(cut.back().ends_with("\u2026"));
  CHECK(font.Width(cut.back(), 20) <= width);
}

}  // namespace
}  // namespace mediarouter::sim
