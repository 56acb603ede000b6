#include "sim/clip_library.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <future>

#include "base/status.h"
#include "support/run_awaitable.h"
#include "support/status_matchers.h"

namespace mediarouter::sim {
namespace {

using testing::RunAwaitable;

// Pretends to render clips of 100 bytes, and counts.
struct FakeRender {
  std::shared_ptr<std::atomic<int>> times = std::make_shared<std::atomic<int>>(0);
  absl::StatusOr<Clip> operator()(const ClipSpec& spec) const {
    ++*times;
    if (spec.prompt == "broken") return base::Internal("encode_failed", "no");
    return Clip{std::make_shared<const int>(-1), 100, spec.prompt};
  }
};

absl::StatusOr<Clip> Get(ClipLibrary& library, const std::string& prompt) {
  ClipSpec spec{.prompt = prompt};
  return RunAwaitable(library.Get(std::move(spec)));
}

TEST_CASE("a clip is rendered once", "[clip_library]") {
  const FakeRender render;
  ClipLibrary library(1, 1000, render);
  CHECK(Get(library, "a")->etag == "a");
  CHECK(Get(library, "a")->etag == "a");
  CHECK(*render.times == 1);
}

TEST_CASE("many who ask at once share one rendering", "[clip_library]") {
  std::promise<void> go;
  const std::shared_future<void> gate = go.get_future().share();
  const FakeRender render;
  ClipLibrary library(2, 1000, [&](const ClipSpec& spec) {
    gate.wait();
    return render(spec);
  });
  boost::asio::io_context io;
  int got = 0;
  const auto ask = [](ClipLibrary& from, int& count) -> boost::asio::awaitable<void> {
    ClipSpec spec{.prompt = "a"};
    const auto clip = co_await from.Get(std::move(spec));
    count += clip.ok() ? 1 : 0;
  };
  for (int i = 0; i < 50; ++i) {
    boost::asio::co_spawn(io, ask(library, got), boost::asio::detached);
  }
  io.poll();
  CHECK(got == 0);
  go.set_value();
  io.restart();
  io.run();
  CHECK(got == 50);
  CHECK(*render.times == 1);
}

TEST_CASE("the clips not asked for the longest are dropped", "[clip_library]") {
  const FakeRender render;
  ClipLibrary library(1, 250, render);
  for (const char* prompt : {"a", "b", "a", "c"}) CHECK_OK(Get(library, prompt));
  CHECK(*render.times == 3);
  CHECK_OK(Get(library, "a"));
  CHECK(*render.times == 3);
  CHECK_OK(Get(library, "b"));
  CHECK(*render.times == 4);
}

TEST_CASE("a failure is told and tried again", "[clip_library]") {
  const FakeRender render;
  ClipLibrary library(1, 1000, render);
  CHECK_FAILS(Get(library, "broken"), absl::StatusCode::kInternal, "encode_failed");
  CHECK_FAILS(Get(library, "broken"), absl::StatusCode::kInternal, "encode_failed");
  CHECK(*render.times == 2);
}

TEST_CASE("one clip can serve all prompts", "[clip_library]") {
  const FakeRender render;
  ClipLibrary library(1, 1000, render);
  library.ShareOneForAllPrompts(true);
  CHECK(Get(library, "a")->etag == Get(library, "b")->etag);
  CHECK(*render.times == 1);
}

TEST_CASE("a stopped library answers that it stops", "[clip_library]") {
  ClipLibrary library(1, 1000, FakeRender());
  library.Stop();
  CHECK_FAILS(Get(library, "a"), absl::StatusCode::kUnavailable, "stopping");
}

}  // namespace
}  // namespace mediarouter::sim
