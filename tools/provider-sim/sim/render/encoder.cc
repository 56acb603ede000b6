#include "sim/render/encoder.h"

#include <fmt/format.h>

#include <string>

#include "base/status.h"
#include "base/status_macros.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

namespace mediarouter::sim {
namespace {

absl::Status LibavFault(std::string_view what, int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return base::Internal("encode_failed", "{}: {}", what, text);
}

}  // namespace

struct Encoder::Impl {
  AVFormatContext* format = nullptr;
  AVCodecContext* codec = nullptr;
  AVFrame* frame = nullptr;
  AVPacket* packet = nullptr;
  std::int64_t next_pts = 0;

  ~Impl() {
    if (format != nullptr) avio_closep(&format->pb);
    avformat_free_context(format);
    avcodec_free_context(&codec);
    av_frame_free(&frame);
    av_packet_free(&packet);
  }

  absl::Status OpenCodec(int width, int height, int frames_per_second);
  absl::Status OpenFile(int fd);
  absl::Status Send(const AVFrame* picture);  // null: no more
};

absl::Status Encoder::Impl::OpenCodec(int width, int height, int frames_per_second) {
  const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
  if (encoder == nullptr) {
    return base::Unimplemented("no_h264_encoder", "libavcodec was built without libx264");
  }
  codec = avcodec_alloc_context3(encoder);
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = {1, frames_per_second};
  codec->framerate = {frames_per_second, 1};
  codec->gop_size = 2 * frames_per_second;
  codec->color_range = AVCOL_RANGE_MPEG;
  codec->colorspace = AVCOL_SPC_BT709;
  codec->color_primaries = AVCOL_PRI_BT709;
  codec->color_trc = AVCOL_TRC_BT709;
  codec->thread_count = 1;  // many clips at once rather than one faster, and the same bytes always
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  av_opt_set(codec->priv_data, "preset", "ultrafast", 0);
  av_opt_set(codec->priv_data, "crf", "20", 0);
  const int code = avcodec_open2(codec, encoder, nullptr);
  return code < 0 ? LibavFault("cannot open the encoder", code) : absl::OkStatus();
}

absl::Status Encoder::Impl::OpenFile(int fd) {
  // A path rather than the descriptor: to move the index to the front the muxer opens it again.
  const std::string path = fmt::format("/proc/self/fd/{}", fd);
  int code = avformat_alloc_output_context2(&format, nullptr, "mp4", path.c_str());
  if (code < 0) return LibavFault("cannot make an MP4", code);
  format->flags |= AVFMT_FLAG_BITEXACT;
  AVStream* stream = avformat_new_stream(format, nullptr);
  if (stream == nullptr) return LibavFault("cannot make a track", AVERROR(ENOMEM));
  stream->time_base = codec->time_base;
  stream->avg_frame_rate = codec->framerate;
  code = avcodec_parameters_from_context(stream->codecpar, codec);
  if (code < 0) return LibavFault("cannot describe the track", code);
  code = avio_open(&format->pb, path.c_str(), AVIO_FLAG_WRITE);
  if (code < 0) return LibavFault("cannot write the clip", code);
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart", 0);
  code = avformat_write_header(format, &options);
  av_dict_free(&options);
  return code < 0 ? LibavFault("cannot write the header", code) : absl::OkStatus();
}

absl::Status Encoder::Impl::Send(const AVFrame* picture) {
  int code = avcodec_send_frame(codec, picture);
  if (code < 0) return LibavFault("cannot encode", code);
  for (;;) {
    code = avcodec_receive_packet(codec, packet);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return absl::OkStatus();
    if (code < 0) return LibavFault("cannot encode", code);
    packet->duration = 1;
    av_packet_rescale_ts(packet, codec->time_base, format->streams[0]->time_base);
    packet->stream_index = 0;
    code = av_interleaved_write_frame(format, packet);
    if (code < 0) return LibavFault("cannot write the clip", code);
  }
}

Encoder::Encoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Encoder::~Encoder() = default;

absl::StatusOr<std::unique_ptr<Encoder>> Encoder::Create(int fd, int width, int height,
                                                         int frames_per_second) {
  av_log_set_level(AV_LOG_ERROR);
  auto impl = std::make_unique<Impl>();
  MR_RETURN_IF_ERROR(impl->OpenCodec(width, height, frames_per_second));
  MR_RETURN_IF_ERROR(impl->OpenFile(fd));
  impl->packet = av_packet_alloc();
  impl->frame = av_frame_alloc();
  impl->frame->format = AV_PIX_FMT_YUV420P;
  impl->frame->width = width;
  impl->frame->height = height;
  const int code = av_frame_get_buffer(impl->frame, 0);
  if (code < 0) return LibavFault("no memory for a picture", code);
  return std::unique_ptr<Encoder>(new Encoder(std::move(impl)));
}

absl::StatusOr<Picture> Encoder::NextPicture() {
  AVFrame* frame = impl_->frame;
  const int code = av_frame_make_writable(frame);
  if (code < 0) return LibavFault("no memory for a picture", code);
  Picture picture{.width = frame->width, .height = frame->height};
  for (int i = 0; i < 3; ++i) {
    picture.plane[i] = frame->data[i];
    picture.stride[i] = frame->linesize[i];
  }
  return picture;
}

absl::Status Encoder::Add() {
  impl_->frame->pts = impl_->next_pts++;
  return impl_->Send(impl_->frame);
}

absl::Status Encoder::Finish() {
  MR_RETURN_IF_ERROR(impl_->Send(nullptr));
  int code = av_write_trailer(impl_->format);
  if (code < 0) return LibavFault("cannot finish the clip", code);
  code = avio_closep(&impl_->format->pb);
  return code < 0 ? LibavFault("cannot finish the clip", code) : absl::OkStatus();
}

}  // namespace mediarouter::sim
