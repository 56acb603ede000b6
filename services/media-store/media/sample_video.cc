#include "media/sample_video.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

namespace mediarouter::media {
namespace {

constexpr int kFramesPerSecond = 10;

void Must(bool worked, const char* what) {
  if (worked) return;
  std::fprintf(stderr, "sample video: cannot %s\n", what);
  std::abort();
}

void Drain(AVCodecContext* encoder, AVFormatContext* format, AVStream* stream) {
  AVPacket* packet = av_packet_alloc();
  while (avcodec_receive_packet(encoder, packet) == 0) {
    if (packet->duration == 0) packet->duration = 1;
    av_packet_rescale_ts(packet, encoder->time_base, stream->time_base);
    packet->stream_index = stream->index;
    Must(av_interleaved_write_frame(format, packet) >= 0, "write a frame");
  }
  av_packet_free(&packet);
}

// A moving gradient, so that frames differ.
void Paint(AVFrame* frame, int number) {
  Must(av_frame_make_writable(frame) >= 0, "write to a frame");
  for (int y = 0; y < frame->height; ++y) {
    for (int x = 0; x < frame->width; ++x) {
      frame->data[0][y * frame->linesize[0] + x] =
          static_cast<std::uint8_t>(x * 3 + y + number * 7);
    }
  }
  for (int plane = 1; plane < 3; ++plane) {
    for (int y = 0; y < frame->height / 2; ++y) {
      for (int x = 0; x < frame->width / 2; ++x) {
        frame->data[plane][y * frame->linesize[plane] + x] =
            static_cast<std::uint8_t>(128 + y + number * plane);
      }
    }
  }
  frame->pts = number;
}

void Encode(const SampleVideo& wanted, const std::string& path) {
  AVFormatContext* format = nullptr;
  Must(avformat_alloc_output_context2(&format, nullptr, wanted.container, path.c_str()) >= 0,
       "make a muxer");
  const AVCodec* codec = avcodec_find_encoder_by_name(wanted.encoder);
  Must(codec != nullptr, "find the encoder");
  AVCodecContext* encoder = avcodec_alloc_context3(codec);
  encoder->width = wanted.width;
  encoder->height = wanted.height;
  encoder->pix_fmt = AV_PIX_FMT_YUV420P;
  encoder->time_base = {1, kFramesPerSecond};
  encoder->framerate = {kFramesPerSecond, 1};
  encoder->gop_size = kFramesPerSecond;
  encoder->thread_count = 1;
  if ((format->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  }
  Must(avcodec_open2(encoder, codec, nullptr) >= 0, "open the encoder");
  AVStream* stream = avformat_new_stream(format, nullptr);
  stream->time_base = encoder->time_base;
  Must(avcodec_parameters_from_context(stream->codecpar, encoder) >= 0, "describe the stream");
  Must(avio_open(&format->pb, path.c_str(), AVIO_FLAG_WRITE) >= 0, "open the file");
  AVDictionary* options = nullptr;
  if (*wanted.flags != '\0') av_dict_set(&options, "movflags", wanted.flags, 0);
  Must(avformat_write_header(format, &options) >= 0, "write the header");
  av_dict_free(&options);
  AVFrame* frame = av_frame_alloc();
  frame->format = encoder->pix_fmt;
  frame->width = wanted.width;
  frame->height = wanted.height;
  Must(av_frame_get_buffer(frame, 0) >= 0, "make a frame");
  for (int i = 0; i < wanted.seconds * kFramesPerSecond; ++i) {
    Paint(frame, i);
    Must(avcodec_send_frame(encoder, frame) >= 0, "encode");
    Drain(encoder, format, stream);
  }
  Must(avcodec_send_frame(encoder, nullptr) >= 0, "end the encoding");
  Drain(encoder, format, stream);
  Must(av_write_trailer(format) >= 0, "write the trailer");
  av_frame_free(&frame);
  avio_closep(&format->pb);
  avcodec_free_context(&encoder);
  avformat_free_context(format);
}

}  // namespace

std::string MakeSampleVideo(const SampleVideo& wanted) {
  av_log_set_level(AV_LOG_ERROR);
  std::string path = std::filesystem::temp_directory_path() / "sample_video_XXXXXX";
  const int fd = mkstemp(path.data());
  Must(fd >= 0, "make a file");
  close(fd);
  Encode(wanted, path);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::filesystem::remove(path);
  return bytes;
}

std::string WithFreeBox(std::string video, std::size_t bytes) {
  const std::size_t start = video.size();
  video.resize(start + bytes, '\0');
  for (int i = 0; i < 4; ++i) {
    video[start + static_cast<std::size_t>(i)] = static_cast<char>(bytes >> (24 - 8 * i));
  }
  video.replace(start + 4, 4, "free");
  return video;
}

}  // namespace mediarouter::media
