#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/client_context.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "base/call_context.h"
#include "rpc/context.h"
#include "rpc/status.h"

// gRPC's callback API as Asio awaitables. Completions run on the awaiting coroutine's executor.
namespace mediarouter::rpc {

// Waits for a callback that gRPC calls once from one of its threads. An ordinary function that
// forwards the token: g++ 12 destroys a capturing lambda twice when it is a temporary of an
// expression with co_await.
template <typename Value, typename Start, typename Token>
auto AwaitCallback(Start start, Token&& token) {
  return boost::asio::async_initiate<Token, void(Value)>(
      [](auto handler, Start begin) {
        auto work = boost::asio::make_work_guard(handler);
        // std::function wants what it holds to be copyable: the handler is not.
        auto held = std::make_shared<std::pair<decltype(handler), decltype(work)>>(
            std::move(handler), std::move(work));
        begin(std::function<void(Value)>([held](Value value) {
          const auto executor = held->second.get_executor();
          boost::asio::post(executor, [held, value = std::move(value)]() mutable {
            auto complete = std::move(held->first);
            held->second.reset();
            complete(std::move(value));
          });
        }));
      },
      token, std::move(start));
}

// One unary call:
//   auto asset = co_await rpc::Call<Asset>(stub->async(), &MediaService::StubInterface::async_interface::GetAsset, context, request);
// AsyncStub is what Stub::async() points to; `method` its overload with a callback.
template <typename Response, typename AsyncStub, typename Request>
boost::asio::awaitable<absl::StatusOr<Response>> Call(
    AsyncStub* stub,
    void (AsyncStub::*method)(grpc::ClientContext*, const Request*, Response*,
                              std::function<void(grpc::Status)>),
    base::CallContext call, Request request) {
  const std::shared_ptr<grpc::ClientContext> client = MakeClientContext(call);
  Response response;
  auto start = [&](std::function<void(grpc::Status)> done) {
    (stub->*method)(client.get(), &request, &response, std::move(done));
  };
  const grpc::Status status = co_await AwaitCallback<grpc::Status>(
      std::move(start), boost::asio::use_awaitable);
  if (!status.ok()) co_return FromGrpc(status);
  co_return std::move(response);
}

}  // namespace mediarouter::rpc
