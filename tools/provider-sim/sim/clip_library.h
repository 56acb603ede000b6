#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/thread_pool.h"
#include "sim/render/clip.h"

namespace mediarouter::sim {

// Renders clips when they are first asked for, each once, on threads of its own, and keeps the
// latest in memory. One that was dropped is rendered again, to the same bytes. Thread-safe.
class ClipLibrary {
 public:
  using Render = std::function<absl::StatusOr<Clip>(const ClipSpec&)>;

  // Past `max_bytes` the clips that were not asked for the longest are dropped.
  ClipLibrary(std::size_t threads, std::uint64_t max_bytes, Render render = RenderClip);
  ~ClipLibrary();  // Stop()

  boost::asio::awaitable<absl::StatusOr<Clip>> Get(ClipSpec spec);

  // With one clip for all prompts a load test of many prompts does not measure the renderer.
  void ShareOneForAllPrompts(bool share);

  // Ends what waits with Unavailable; a clip that is being rendered is still finished.
  void Stop();

 private:
  using Done = std::function<void(absl::StatusOr<Clip>)>;
  struct Entry {
    absl::StatusOr<Clip> clip;
    bool ready = false;
    std::vector<Done> waiting;
    std::list<std::string>::iterator age;  // valid once ready
  };

  void Request(ClipSpec spec, Done done);
  void RenderNow(const std::string& key, const ClipSpec& spec);
  void DropOldest();

  const std::uint64_t max_bytes_;
  const Render render_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> ages_;  // keys of ready clips, the latest in front
  std::uint64_t bytes_ = 0;
  bool share_ = false;
  bool stopping_ = false;
  base::ThreadPool pool_;  // last: its threads use the rest
};

}  // namespace mediarouter::sim
