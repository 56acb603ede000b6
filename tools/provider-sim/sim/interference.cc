#include "sim/interference.h"

#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace mediarouter::sim {
namespace {

namespace net = boost::asio;

constexpr std::size_t kEndlessPiece = 65'536;
constexpr char kHtml[] =
    "<!doctype html><html><head><title>One moment</title></head>"
    "<body><h1>Checking your connection</h1></body></html>\n";

net::awaitable<void> Sleep(std::chrono::milliseconds time) {
  net::steady_timer timer(co_await net::this_coro::executor, time);
  co_await timer.async_wait(net::use_awaitable);
}

http::Response Dropped() {
  http::Response response;
  response.drop_connection = true;
  return response;
}

http::Response ErrorOf(const Fault& fault, ErrorShape shape) {
  http::Response response = shape(fault.code, "A simulated fault.");
  if (!fault.body.empty()) response.body = fault.body;
  if (fault.retry_after) response.headers.Set("retry-after", std::to_string(*fault.retry_after));
  return response;
}

http::Response Html() {
  http::Response response;
  response.headers.Set("content-type", "text/html; charset=utf-8");
  response.body = std::string(kHtml);
  return response;
}

// The whole body in memory: what is bent is an error, a video object or a clip of a few megabytes.
std::string BytesOf(const http::Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
  std::string bytes;
  if (const auto* file = std::get_if<http::FileBody>(&response.body)) {
    bytes.resize(file->length);
    const ssize_t got =
        pread(*file->fd, bytes.data(), bytes.size(), static_cast<off_t>(file->offset));
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  }
  return bytes;
}

// A body that is sent in pieces, wrongly.
struct Bent {
  FaultKind kind;
  std::string bytes;
  std::chrono::milliseconds delay;
  int piece = 0;
};

net::awaitable<std::optional<std::string>> NextPiece(std::shared_ptr<Bent> bent) {
  const int piece = bent->piece++;
  const std::size_t half = bent->bytes.size() / 2;
  if (bent->kind == FaultKind::kEndlessBody) {
    co_return piece == 0 ? bent->bytes : std::string(kEndlessPiece, ' ');
  }
  if (piece == 0) co_return bent->bytes.substr(0, half);
  if (bent->kind == FaultKind::kTruncatedBody) co_return std::nullopt;
  if (piece > 1) co_return std::string();
  co_await Sleep(bent->delay);
  co_return bent->bytes.substr(half);
}

http::Response Bend(const Fault& fault, http::Response response) {
  auto bent = std::make_shared<Bent>(Bent{fault.kind, BytesOf(response), fault.delay});
  http::StreamBody body;
  if (fault.kind != FaultKind::kEndlessBody) body.length = bent->bytes.size();
  body.next = [bent] { return NextPiece(bent); };
  response.body = std::move(body);
  return response;
}

}  // namespace

net::awaitable<std::optional<http::Response>> Before(const Plan& plan, ErrorShape shape) {
  if (plan.latency.count() > 0) co_await Sleep(plan.latency);
  if (plan.Has(FaultKind::kDropBefore)) co_return Dropped();
  if (plan.Has(FaultKind::kStatus)) co_return ErrorOf(*plan.fault, shape);
  co_return std::nullopt;
}

http::Response After(const Plan& plan, http::Response response, ErrorShape shape) {
  if (!plan.fault) return response;
  switch (plan.fault->kind) {
    case FaultKind::kDropAfter:
      return Dropped();
    case FaultKind::kErrorAfter:
      return ErrorOf(*plan.fault, shape);
    case FaultKind::kHtml200:
      return Html();
    case FaultKind::kWrongContentType:
      response.headers.Set("content-type", plan.fault->content_type);
      return response;
    case FaultKind::kTruncatedBody:
    case FaultKind::kStalledBody:
    case FaultKind::kEndlessBody:
      return Bend(*plan.fault, std::move(response));
    default:
      return response;
  }
}

}  // namespace mediarouter::sim
