#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/client_context.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "base/await_callback.h"
#include "base/call_context.h"
#include "rpc/context.h"
#include "rpc/status.h"

// gRPC's callback API as Asio awaitables. Completions run on the awaiting coroutine's executor.
namespace mediarouter::rpc {

using base::AwaitCallback;

// One unary call:
//   auto asset = co_await rpc::Call<Asset>(
//       stub->async(), &MediaService::StubInterface::async_interface::GetAsset, context, request);
// `stub` is a MediaService::StubInterface; `method` its overload with a callback. Triggering the
// coroutine's cancellation slot cancels the call.
template <typename Response, typename AsyncStub, typename Request>
boost::asio::awaitable<absl::StatusOr<Response>> Call(
    AsyncStub* stub,
    void (AsyncStub::*method)(grpc::ClientContext*, const Request*, Response*,
                              std::function<void(grpc::Status)>),
    base::CallContext call, Request request) {
  // What gRPC writes to must outlive the call, also when the coroutine does not.
  struct State {
    std::unique_ptr<grpc::ClientContext> client;
    Request request;
    Response response;
  };
  const auto state = std::make_shared<State>();
  state->client = MakeClientContext(call);
  state->request = std::move(request);
  auto start = [&](std::function<void(grpc::Status)> done) {
    (stub->*method)(state->client.get(), &state->request, &state->response,
                    [state, done = std::move(done)](grpc::Status status) { done(status); });
  };
  auto cancel = [state] { state->client->TryCancel(); };
  const grpc::Status status = co_await AwaitCallback<grpc::Status>(
      std::move(start), std::move(cancel), boost::asio::use_awaitable);
  if (!status.ok()) co_return FromGrpc(status);
  co_return std::move(state->response);
}

}  // namespace mediarouter::rpc
