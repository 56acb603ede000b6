#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

// Needs the link target mr_asio.
namespace mediarouter::base {

// Waits for a callback that some thread calls once; goes on on the awaiting coroutine's executor.
//   auto start = [&](std::function<void(int)> done) { library.Begin(std::move(done)); };
//   const int value = co_await AwaitCallback<int>(std::move(start), boost::asio::use_awaitable);
// An ordinary function that forwards the token: g++ 12 destroys a capturing lambda twice when it is
// a temporary of an expression with co_await.
// `cancel` is called when the coroutine's cancellation slot is triggered; the callback must come
// all the same. nullptr: cannot be hurried.
template <typename Value, typename Start, typename Cancel, typename Token>
auto AwaitCallback(Start start, Cancel cancel, Token&& token) {
  return boost::asio::async_initiate<Token, void(Value)>(
      [](auto handler, Start begin, Cancel hurry) {
        if constexpr (!std::is_same_v<Cancel, std::nullptr_t>) {
          auto slot = boost::asio::get_associated_cancellation_slot(handler);
          if (slot.is_connected()) {
            slot.assign([hurry](boost::asio::cancellation_type) mutable { hurry(); });
          }
        }
        auto work = boost::asio::make_work_guard(handler);
        // std::function wants what it holds to be copyable: the handler is not.
        auto held = std::make_shared<std::pair<decltype(handler), decltype(work)>>(
            std::move(handler), std::move(work));
        begin(std::function<void(Value)>([held](Value value) {
          const auto executor = held->second.get_executor();
          boost::asio::post(executor, [held, value = std::move(value)]() mutable {
            auto complete = std::move(held->first);
            auto slot = boost::asio::get_associated_cancellation_slot(complete);
            if (slot.is_connected()) slot.clear();
            held->second.reset();
            complete(std::move(value));
          });
        }));
      },
      token, std::move(start), std::move(cancel));
}

template <typename Value, typename Start, typename Token>
auto AwaitCallback(Start start, Token&& token) {
  return AwaitCallback<Value>(std::move(start), nullptr, std::forward<Token>(token));
}

}  // namespace mediarouter::base
