#include "probe/video_info.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

extern "C" {
#include <libavformat/avformat.h>
}

namespace mediarouter::probe {
namespace {

constexpr int kIoBuffer = 64 * 1024;
constexpr int kMaxSide = 32'768;
constexpr std::int64_t kMaxDurationMs = std::numeric_limits<std::int32_t>::max();

// Where libav is in the file.
struct Cursor {
  const File& file;
  std::int64_t at = 0;
};

int ReadFile(void* opaque, std::uint8_t* buffer, int size) {
  auto* cursor = static_cast<Cursor*>(opaque);
  ssize_t count;
  do {
    count = pread(cursor->file.fd(), buffer, static_cast<std::size_t>(size), cursor->at);
  } while (count < 0 && errno == EINTR);
  if (count == 0) return AVERROR_EOF;
  if (count < 0) return AVERROR(errno);
  cursor->at += count;
  return static_cast<int>(count);
}

std::int64_t SeekFile(void* opaque, std::int64_t offset, int whence) {
  auto* cursor = static_cast<Cursor*>(opaque);
  if ((whence & AVSEEK_SIZE) != 0) return cursor->file.size();
  // libav turns the other origins into this one.
  if ((whence & ~AVSEEK_FORCE) != SEEK_SET || offset < 0) return AVERROR(EINVAL);
  return cursor->at = offset;
}

// Containers may name other files; none is opened.
int RefuseToOpen(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

struct FreeIo {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};
struct CloseInput {
  void operator()(AVFormatContext* format) const { avformat_close_input(&format); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using Io = std::unique_ptr<AVIOContext, FreeIo>;
using Format = std::unique_ptr<AVFormatContext, CloseInput>;

Io MakeIo(Cursor& cursor) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBuffer));
  return Io(avio_alloc_context(buffer, kIoBuffer, 0, &cursor, ReadFile, nullptr, SeekFile));
}

Format OpenInput(AVIOContext* io, Container container) {
  const bool boxes = container == Container::kMp4 || container == Container::kQuickTime;
  AVFormatContext* format = avformat_alloc_context();
  format->pb = io;
  format->io_open = RefuseToOpen;
  format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "none", 0);
  // Frees `format` when it fails.
  const int opened =
      avformat_open_input(&format, "", av_find_input_format(boxes ? "mp4" : "matroska"), &options);
  av_dict_free(&options);
  return Format(opened == 0 ? format : nullptr);
}

const AVStream* VideoStream(const AVFormatContext& format) {
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVStream* stream = format.streams[i];
    if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
        (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0) {
      return stream;
    }
  }
  return nullptr;
}

// Where the packets of one stream begin and end, in its time base.
struct Span {
  std::int64_t first = AV_NOPTS_VALUE;
  std::int64_t last = AV_NOPTS_VALUE;

  void Add(std::int64_t at, std::int64_t duration) {
    if (at == AV_NOPTS_VALUE) return;
    if (first == AV_NOPTS_VALUE || at < first) first = at;
    const std::int64_t end = at + std::max<std::int64_t>(duration, 0);
    if (last == AV_NOPTS_VALUE || end > last) last = end;
  }
};

// Goes through all packets. For boxes their payload is skipped (discard): each sample's place is in
// the index then, and a 2 GB file costs what its tables cost.
std::optional<Unusable> ReadToEnd(AVFormatContext& format, bool boxes, const AVStream& video,
                                  Span* span) {
  if (boxes) {
    for (unsigned i = 0; i < format.nb_streams; ++i) format.streams[i]->discard = AVDISCARD_ALL;
  }
  const std::unique_ptr<AVPacket, FreePacket> packet(av_packet_alloc());
  int result;
  while ((result = av_read_frame(&format, packet.get())) >= 0) {
    if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) return Unusable{"a frame is cut off"};
    if (packet->stream_index == video.index) span->Add(packet->pts, packet->duration);
    av_packet_unref(packet.get());
  }
  if (result != AVERROR_EOF) return Unusable{"the container is damaged"};
  return std::nullopt;
}

std::optional<Unusable> CheckSamples(const AVFormatContext& format, std::int64_t file_size,
                                     const AVStream& video, Span* span) {
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    AVStream* stream = format.streams[i];
    const int count = avformat_index_get_entries_count(stream);
    for (int j = 0; j < count; ++j) {
      const AVIndexEntry* entry = avformat_index_get_entry(stream, j);
      if (entry->pos < 0 || entry->size < 0 || entry->pos > file_size - entry->size) {
        return Unusable{"samples lie beyond the end of the file"};
      }
      if (stream == &video) span->Add(entry->timestamp, 0);
    }
  }
  if (avformat_index_get_entries_count(const_cast<AVStream*>(&video)) == 0) {
    return Unusable{"the video has no frames"};
  }
  return std::nullopt;
}

std::int64_t Milliseconds(std::int64_t duration, AVRational unit) {
  return av_rescale_q(duration, unit, AVRational{1, 1000});
}

std::int64_t DurationMs(const AVFormatContext& format, const AVStream& video, const Span& span) {
  if (video.duration != AV_NOPTS_VALUE && video.duration > 0) {
    return Milliseconds(video.duration, video.time_base);
  }
  if (format.duration != AV_NOPTS_VALUE && format.duration > 0) {
    return Milliseconds(format.duration, AV_TIME_BASE_Q);
  }
  if (span.first == AV_NOPTS_VALUE || span.last <= span.first) return 0;
  return Milliseconds(span.last - span.first, video.time_base);
}

}  // namespace

std::variant<VideoInfo, Unusable> Inspect(const File& file) {
  const auto container = Recognize(file);
  if (!container) return Unusable{"not an MP4 or WebM file"};
  if (!IsWhole(file, *container)) return Unusable{"the file is cut off"};
  const bool boxes = *container == Container::kMp4 || *container == Container::kQuickTime;
  Cursor cursor{file};
  const Io io = MakeIo(cursor);
  const Format format = OpenInput(io.get(), *container);
  if (format == nullptr) return Unusable{"the container cannot be read"};
  const AVStream* video = VideoStream(*format);
  if (video == nullptr) return Unusable{"no video stream"};
  // MPEG-4 part 2 keeps its size in the stream's own header: only then a decoder is asked.
  if (video->codecpar->width == 0 && avformat_find_stream_info(format.get(), nullptr) < 0) {
    return Unusable{"the video stream cannot be read"};
  }
  Span span;
  if (auto unusable = ReadToEnd(*format, boxes, *video, &span)) return *std::move(unusable);
  if (boxes) {
    if (auto unusable = CheckSamples(*format, file.size(), *video, &span)) {
      return *std::move(unusable);
    }
  }
  const int width = video->codecpar->width;
  const int height = video->codecpar->height;
  if (width <= 0 || height <= 0 || width > kMaxSide || height > kMaxSide) {
    return Unusable{"the video has no usable size"};
  }
  const std::int64_t duration_ms = DurationMs(*format, *video, span);
  if (duration_ms <= 0 || duration_ms > kMaxDurationMs) {
    return Unusable{"the video has no usable duration"};
  }
  return VideoInfo{ContentType(*container), duration_ms, width, height};
}

}  // namespace mediarouter::probe
