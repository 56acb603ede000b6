#include "sim/clip_library.h"

#include <fmt/format.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "base/status.h"

namespace mediarouter::sim {
namespace {

namespace net = boost::asio;

constexpr std::size_t kMaxWaitingClips = 100'000;
constexpr char kSharedPrompt[] = "One clip for every prompt";

absl::Status Stopping() { return base::Unavailable("stopping", "the simulator stops"); }

}  // namespace

ClipLibrary::ClipLibrary(std::size_t threads, std::uint64_t max_bytes, Render render)
    : max_bytes_(max_bytes),
      render_(std::move(render)),
      pool_("render", threads, kMaxWaitingClips) {}

ClipLibrary::~ClipLibrary() { Stop(); }

void ClipLibrary::ShareOneForAllPrompts(bool share) {
  const std::lock_guard lock(mutex_);
  share_ = share;
}

net::awaitable<absl::StatusOr<Clip>> ClipLibrary::Get(ClipSpec spec) {
  auto initiate = [this, &spec](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    Request(std::move(spec), [shared](absl::StatusOr<Clip> clip) {
      const auto executor = net::get_associated_executor(*shared);
      net::post(executor, [shared, clip = std::move(clip)]() mutable {
        std::move (*shared)(std::move(clip));
      });
    });
  };
  co_return co_await net::async_initiate<const net::use_awaitable_t<>, void(absl::StatusOr<Clip>)>(
      initiate, net::use_awaitable);
}

void ClipLibrary::Request(ClipSpec spec, Done done) {
  std::unique_lock lock(mutex_);
  if (share_) spec.prompt = kSharedPrompt;
  const std::string key =
      fmt::format("{}/{}x{}/{}", spec.seconds, spec.width, spec.height, spec.prompt);
  const auto [found, added] = entries_.try_emplace(key);
  Entry& entry = found->second;
  if (entry.ready) {
    ages_.splice(ages_.begin(), ages_, entry.age);
    const absl::StatusOr<Clip> clip = entry.clip;
    lock.unlock();
    return done(clip);
  }
  entry.waiting.push_back(std::move(done));
  if (!added) return;
  if (stopping_ || !pool_.TrySubmit([this, key, spec] { RenderNow(key, spec); })) {
    const std::vector<Done> waiting = std::move(entry.waiting);
    entries_.erase(found);
    lock.unlock();
    for (const Done& each : waiting) each(Stopping());
  }
}

void ClipLibrary::RenderNow(const std::string& key, const ClipSpec& spec) {
  std::unique_lock lock(mutex_);
  absl::StatusOr<Clip> clip = Stopping();
  if (!stopping_) {
    lock.unlock();
    clip = render_(spec);
    lock.lock();
  }
  Entry& entry = entries_.at(key);
  const std::vector<Done> waiting = std::move(entry.waiting);
  if (clip.ok()) {
    entry.clip = clip;
    entry.ready = true;
    ages_.push_front(key);
    entry.age = ages_.begin();
    bytes_ += clip->size;
    DropOldest();
  } else {
    entries_.erase(key);  // the next request tries again
  }
  lock.unlock();
  for (const Done& each : waiting) each(clip);
}

void ClipLibrary::DropOldest() {
  while (bytes_ > max_bytes_ && ages_.size() > 1) {
    const auto oldest = entries_.find(ages_.back());
    bytes_ -= oldest->second.clip->size;
    entries_.erase(oldest);
    ages_.pop_back();
  }
}

void ClipLibrary::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pool_.Shutdown();
}

}  // namespace mediarouter::sim
