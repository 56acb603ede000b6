#pragma once

#include <string>

namespace mediarouter::media {

// A small real video for tests, encoded by libav.
struct SampleVideo {
  int width = 64;
  int height = 48;
  int seconds = 2;
  const char* container = "mp4";    // or "webm"
  const char* encoder = "libx264";  // or "mpeg4", "libvpx"
  // "faststart": the index comes first. "frag_keyframe+empty_moov": fragmented. "": index last.
  const char* flags = "faststart";
};

// The file's bytes. Aborts when libav cannot: a test cannot go on.
std::string MakeSampleVideo(const SampleVideo& wanted = {});

// `video` with an ISO `free` box behind it of `bytes` bytes, at least 8.
std::string WithFreeBox(std::string video, std::size_t bytes);

}  // namespace mediarouter::media
