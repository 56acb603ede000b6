#include "base/thread_pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "base/shutdown.h"

namespace mediarouter::base {
namespace {

TEST_CASE("all that was taken is run, also at the end", "[unit][thread_pool]") {
  std::atomic<int> ran{0};
  {
    ThreadPool pool("test", 3, 1000);
    for (int i = 0; i < 1000; ++i) REQUIRE(pool.TrySubmit([&ran] { ++ran; }));
  }
  CHECK(ran == 1000);
}

TEST_CASE("a full queue refuses and recovers", "[unit][thread_pool]") {
  ThreadPool pool("test", 1, 2);
  std::promise<void> started;
  std::promise<void> go;
  REQUIRE(pool.TrySubmit([&] {
    started.set_value();
    go.get_future().wait();
  }));
  started.get_future().wait();  // the thread is busy, so that the queue is what counts
  REQUIRE(pool.TrySubmit([] {}));
  std::promise<void> last;
  REQUIRE(pool.TrySubmit([&] { last.set_value(); }));
  CHECK_FALSE(pool.TrySubmit([] {}));
  go.set_value();
  last.get_future().wait();
  CHECK(pool.TrySubmit([] {}));
}

TEST_CASE("a pool that was shut down refuses, twice", "[unit][thread_pool]") {
  ThreadPool pool("test", 2, 10);
  pool.Shutdown();
  pool.Shutdown();
  CHECK_FALSE(pool.TrySubmit([] {}));
}

TEST_CASE("what a task captured is gone before the next one runs", "[unit][thread_pool]") {
  ThreadPool pool("test", 1, 10);
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = captured;
  REQUIRE(pool.TrySubmit([held = std::move(captured)] {}));
  std::promise<bool> expired;
  REQUIRE(pool.TrySubmit([&] { expired.set_value(watch.expired()); }));
  CHECK(expired.get_future().get());
}

TEST_CASE("a shutdown reaches all who wait", "[unit][shutdown]") {
  Shutdown shutdown;
  CHECK_FALSE(shutdown.Requested());
  CHECK_FALSE(shutdown.WaitFor(std::chrono::milliseconds(0)));
  ThreadPool pool("test", 2, 2);
  std::atomic<int> told{0};
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pool.TrySubmit([&] {
      shutdown.Wait();
      ++told;
    }));
  }
  shutdown.Request();
  pool.Shutdown();
  CHECK(told == 2);
  CHECK(shutdown.WaitFor(std::chrono::milliseconds(0)));
}

}  // namespace
}  // namespace mediarouter::base
