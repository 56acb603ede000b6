#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <utility>

// Small means of waiting for coroutines that share one thread.
namespace mediarouter::worker {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline constexpr auto kTuple = boost::asio::as_tuple(use_awaitable);

// Wakes everybody who waits at that moment.
class Signal {
 public:
  explicit Signal(const boost::asio::any_io_executor& executor)
      : timer_(executor, Clock::time_point::max()) {}

  awaitable<void> Wait() { co_await timer_.async_wait(kTuple); }
  void Notify() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

// A limit on how many are at something at once; first come, first served.
class Semaphore {
 public:
  // Held while it lives; empty when the semaphore was closed.
  class Permit {
   public:
    Permit() = default;
    explicit Permit(Semaphore* owner) : owner_(owner) {}
    Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Permit() {
      if (owner_ != nullptr) owner_->Release();
    }
    explicit operator bool() const { return owner_ != nullptr; }

   private:
    Semaphore* owner_ = nullptr;
  };

  Semaphore(const boost::asio::any_io_executor& executor, int permits)
      : executor_(executor), free_(permits) {}

  awaitable<Permit> Acquire() {
    if (closed_) co_return Permit();
    if (free_ > 0) {
      --free_;
      co_return Permit(this);
    }
    Waiter waiter{boost::asio::steady_timer(executor_, Clock::time_point::max())};
    waiting_.push_back(&waiter);
    co_await waiter.timer.async_wait(kTuple);
    if (!waiter.granted) {
      std::erase(waiting_, &waiter);
      co_return Permit();
    }
    co_return Permit(this);
  }

  // Who waits, and who comes later, gets nothing.
  void Close() {
    closed_ = true;
    for (Waiter* waiter : waiting_) waiter->timer.cancel();
  }

 private:
  struct Waiter {
    boost::asio::steady_timer timer;
    bool granted = false;
  };

  void Release() {
    if (waiting_.empty() || closed_) {
      ++free_;
      return;
    }
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    next->granted = true;
    next->timer.cancel();
  }

  boost::asio::any_io_executor executor_;
  int free_;
  bool closed_ = false;
  std::deque<Waiter*> waiting_;
};

}  // namespace mediarouter::worker
