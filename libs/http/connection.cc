#include "http/connection.h"

#include <fmt/format.h>
#include <sys/sendfile.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>

#include "base/id.h"
#include "base/status.h"
#include "base/strings.h"
#include "http/target.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "obs/trace_context.h"

namespace mediarouter::http {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
using Clock = std::chrono::steady_clock;
using Parser = beast::http::request_parser<beast::http::string_body>;
using Head = Parser::value_type;

constexpr auto kTuple = net::as_tuple(net::use_awaitable);
constexpr std::size_t kReadSize = 4096;
constexpr std::size_t kJoinBelow = 16 * 1024;   // small bodies go out with the head
constexpr std::size_t kSendfileSize = 1 << 20;  // then other connections get their turn
constexpr std::size_t kLingerBytes = 1 << 20;
constexpr std::chrono::seconds kLingerTime{2};

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

bool IsRequestId(std::string_view text) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// Two readers that see different ends of a message are what request smuggling lives on: anything
// that could be read in two ways is refused, also where the RFC allows a repair.
bool IsSoundlyFramed(const Head& head) {
  const auto lengths = head.count(beast::http::field::content_length);
  const auto encodings = head.count(beast::http::field::transfer_encoding);
  if (lengths > 1 || encodings > 1 || (lengths > 0 && encodings > 0)) return false;
  if (encodings > 0 && (head.version() < 11 ||
                        !beast::iequals(head[beast::http::field::transfer_encoding], "chunked"))) {
    return false;
  }
  const auto hosts = head.count(beast::http::field::host);
  return hosts == 1 || (hosts == 0 && head.version() < 11);
}

// False when the target cannot be read.
bool ReadHead(const Head& head, const ServerConfig& config, Request& request) {
  request.method = std::string(View(head.method_string()));
  request.target = std::string(View(head.target()));
  for (const auto& field : head) {
    request.headers.Add(View(field.name_string()), View(field.value()));
  }
  if (const auto id = request.headers.Get("x-request-id"); id && IsRequestId(*id)) {
    request.context.request_id = std::string(*id);
  }
  const std::string_view trace = request.headers.GetOr("traceparent", "");
  request.context.traceparent =
      obs::IsTraceparent(trace) ? std::string(trace) : obs::ChildTraceparent("");
  std::chrono::milliseconds timeout = config.request_timeout;
  const auto wanted = base::ParseInt(request.headers.GetOr("x-request-timeout-ms", ""));
  if (wanted && *wanted > 0) {
    timeout = std::min(timeout,
                       std::chrono::milliseconds(std::min<std::int64_t>(*wanted, timeout.count())));
  }
  request.context.deadline = Clock::now() + timeout;
  Target target;
  if (!ParseTarget(request.target, target).ok()) return false;
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  return true;
}

bool IsProtocolError(const boost::system::error_code& error) {
  return error.category() ==
             beast::http::make_error_code(beast::http::error::bad_method).category() &&
         error != beast::http::error::end_of_stream && error != beast::http::error::partial_message;
}

// Bounded, whatever clients invent.
std::string MethodLabel(const std::string& method) {
  for (const char* known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return method;
  }
  return "other";
}

}  // namespace

Connection::Connection(net::ip::tcp::socket socket, ServerParts& parts)
    : socket_(std::move(socket)), parts_(parts), timer_(socket_.get_executor()) {
  boost::system::error_code ignored;
  socket_.set_option(net::ip::tcp::no_delay(true), ignored);
  socket_.native_non_blocking(true, ignored);
  const auto peer = socket_.remote_endpoint(ignored);
  remote_address_ = peer.address().to_string();
}

void Connection::Start() {
  if (!parts_.connections.Add(shared_from_this(), position_)) return;
  auto done = [self = shared_from_this()](std::exception_ptr) {
    self->timer_.cancel();
    self->parts_.connections.Remove(self->position_);
  };
  net::co_spawn(socket_.get_executor(), Run(shared_from_this()),
                net::bind_cancellation_slot(cancel_.slot(), std::move(done)));
}

void Connection::CloseIfWaiting() {
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    boost::system::error_code ignored;
    if (self->waiting_) self->socket_.close(ignored);
  });
}

void Connection::Abort() {
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->socket_.close(ignored);
    self->cancel_.emit(net::cancellation_type::terminal);
  });
}

net::awaitable<void> Connection::Run(std::shared_ptr<Connection> self) {
  try {
    while (true) {
      const bool more = co_await self->ServeOne();
      if (!more) break;
    }
  } catch (const std::exception&) {
    // Only Abort() ends an operation by an exception.
  }
  boost::system::error_code ignored;
  self->socket_.close(ignored);
}

net::awaitable<bool> Connection::WaitForBytes() {
  SetDeadline(fresh_ ? parts_.config.header_timeout : parts_.config.idle_timeout);
  const auto space = buffer_.prepare(kReadSize);
  const auto [error, count] = co_await socket_.async_read_some(space, kTuple);
  buffer_.commit(count);
  co_return !error;
}

net::awaitable<bool> Connection::ServeOne() {
  SetWaiting(true);
  // After SetWaiting: either this sees the stop, or the stop sees a connection that waits.
  if (parts_.connections.Stopping() || !socket_.is_open()) co_return false;
  if (buffer_.size() == 0) {
    const bool came = co_await WaitForBytes();
    if (!came) co_return false;
  }
  fresh_ = false;

  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(parts_.config.max_header_bytes));
  parser.body_limit(parts_.config.max_body_bytes);
  Request request;
  request.context.request_id = base::NewId("req_");
  request.remote_address = remote_address_;

  SetDeadline(parts_.config.header_timeout);
  const auto [head_error, head_size] =
      co_await beast::http::async_read_header(socket_, buffer_, parser, kTuple);
  SetWaiting(false);
  const bool readable = parser.is_header_done() && ReadHead(parser.get(), parts_.config, request);
  if (head_error) {
    const bool refused = co_await Refuse(head_error, request);
    co_return refused;
  }
  if (!readable || !IsSoundlyFramed(parser.get())) {
    const bool refused = co_await Refuse(Refusal::kBadRequest, request.context.request_id);
    co_return refused;
  }

  const bool http10 = parser.get().version() < 11;
  if (!parser.is_done()) {
    const bool expects = beast::iequals(parser.get()[beast::http::field::expect], "100-continue");
    // All limits that the header can break are checked by now.
    if (expects && !http10 && buffer_.size() == 0) {
      const bool sent = co_await WriteAll("HTTP/1.1 100 Continue\r\n\r\n");
      if (!sent) co_return false;
    }
    SetDeadline(parts_.config.body_timeout);
    const auto [body_error, body_size] =
        co_await beast::http::async_read(socket_, buffer_, parser, kTuple);
    if (body_error) {
      const bool refused = co_await Refuse(body_error, request);
      co_return refused;
    }
  }
  ClearDeadline();
  request.body = std::move(parser.get().body());
  const bool keep_alive = parser.get().keep_alive();

  const auto started = Clock::now();
  const Response response = co_await Handle(request);
  if (response.drop_connection) co_return false;
  const bool close = !keep_alive || parts_.connections.Stopping();
  const bool sent =
      co_await Send(response, request.context.request_id, request.method == "HEAD", http10, close);
  const std::chrono::duration<double> took = Clock::now() - started;
  const std::string route = request.route.empty() ? "none" : request.route;
  obs::Count("mediarouter_http_requests_total", "HTTP requests answered.",
             {{"method", MethodLabel(request.method)},
              {"route", route},
              {"status", std::to_string(response.status)}});
  obs::ObserveSeconds("mediarouter_http_seconds", "From a whole request to its last byte sent.",
                      {{"route", route}}, took.count());
  obs::Log(obs::Level::kDebug, request.context, "request",
           {{"method", request.method},
            {"route", route},
            {"status", response.status},
            {"ms", took.count() * 1000}});
  if (!sent) co_return false;
  if (!close) co_return true;
  co_await Linger();
  co_return false;
}

net::awaitable<Response> Connection::Handle(Request& request) {
  std::string fault;
  try {
    co_return co_await parts_.handler(request);
  } catch (const std::exception& error) {
    fault = error.what();
  }
  if (socket_.is_open()) {
    obs::Log(obs::Level::kError, request.context, "a handler threw",
             {{"route", request.route}, {"error", fault}});
  }
  co_return parts_.failed(request.context.request_id);
}

net::awaitable<bool> Connection::Refuse(const boost::system::error_code& error, Request& request) {
  const std::string& id = request.context.request_id;
  bool refused = false;
  if (timed_out_) {
    timed_out_ = false;
    refused = co_await Refuse(Refusal::kRequestTimeout, id);
  } else if (error == beast::http::error::body_limit) {
    refused = co_await Refuse(Refusal::kPayloadTooLarge, id);
  } else if (error == beast::http::error::header_limit ||
             error == beast::http::error::buffer_overflow) {
    refused = co_await Refuse(Refusal::kHeaderTooLarge, id);
  } else if (IsProtocolError(error)) {
    refused = co_await Refuse(Refusal::kBadRequest, id);
  }
  co_return refused;  // otherwise the client went away
}

net::awaitable<bool> Connection::Refuse(Refusal refusal, const std::string& request_id) {
  const Response response = parts_.refuse(refusal, request_id);
  obs::Count(
      "mediarouter_http_requests_total", "HTTP requests answered.",
      {{"method", "other"}, {"route", "refused"}, {"status", std::to_string(response.status)}});
  const bool sent = co_await Send(response, request_id, false, false, true);
  if (sent) co_await Linger();
  co_return false;
}

net::awaitable<bool> Connection::Send(const Response& response, const std::string& request_id,
                                      bool head_only, bool http10, bool close) {
  const auto* text = std::get_if<std::string>(&response.body);
  const auto* file = std::get_if<FileBody>(&response.body);
  const auto* stream = std::get_if<StreamBody>(&response.body);
  Framing framing;
  if (text != nullptr) framing.length = text->size();
  if (file != nullptr) framing.length = file->length;
  if (stream != nullptr) framing.length = stream->length;
  framing.chunked = !framing.length && !http10;
  framing.close = close || (!framing.length && http10);
  const bool has_body = !head_only && !HasNoBody(response.status);

  std::string head = ResponseHead(response, request_id, framing);
  const bool joined = has_body && text != nullptr && text->size() < kJoinBelow;
  if (joined) head += *text;
  bool sent = co_await WriteAll(head);
  if (sent && has_body && !joined) {
    if (text != nullptr) sent = co_await WriteAll(*text);
    if (file != nullptr) sent = co_await SendFile(*file);
    if (stream != nullptr) sent = co_await SendStream(*stream, framing.chunked);
  }
  ClearDeadline();
  co_return sent;
}

net::awaitable<bool> Connection::SendFile(const FileBody& file) {
  auto offset = static_cast<off_t>(file.offset);
  std::uint64_t left = file.length;
  while (left > 0) {
    const ssize_t sent = sendfile(socket_.native_handle(), *file.fd, &offset,
                                  std::min<std::uint64_t>(left, kSendfileSize));
    if (sent > 0) {
      left -= static_cast<std::uint64_t>(sent);
      if (left > 0) co_await net::post(socket_.get_executor(), net::use_awaitable);
    } else if (sent < 0 && errno == EAGAIN) {
      SetDeadline(parts_.config.write_timeout);
      const auto [error] = co_await socket_.async_wait(net::ip::tcp::socket::wait_write, kTuple);
      if (error) co_return false;
    } else if (sent == 0 || errno != EINTR) {
      co_return false;  // 0: the file is shorter than it was
    }
    if (!socket_.is_open()) co_return false;
  }
  co_return true;
}

net::awaitable<bool> Connection::SendStream(const StreamBody& stream, bool chunked) {
  std::uint64_t left = stream.length.value_or(0);
  while (true) {
    ClearDeadline();
    std::optional<std::string> piece = co_await stream.next();
    if (!piece) co_return false;
    if (stream.length) {
      if (piece->size() > left || (piece->empty() && left > 0)) co_return false;
      left -= piece->size();
    }
    const bool last = piece->empty();
    if (chunked) *piece = fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece);
    const bool sent = co_await WriteAll(*piece);
    if (!sent || last) co_return sent;
  }
}

net::awaitable<bool> Connection::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    SetDeadline(parts_.config.write_timeout);
    const net::const_buffer rest(bytes.data(), bytes.size());
    const auto [error, count] = co_await socket_.async_write_some(rest, kTuple);
    if (error) co_return false;
    bytes.remove_prefix(count);
  }
  co_return true;
}

net::awaitable<void> Connection::Linger() {
  SetWaiting(true);
  boost::system::error_code failed;
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, failed);
  SetDeadline(kLingerTime);
  for (std::size_t total = 0; !failed && total < kLingerBytes;) {
    buffer_.clear();
    const auto space = buffer_.prepare(kReadSize);
    const auto [error, count] = co_await socket_.async_read_some(space, kTuple);
    failed = error;
    total += count;
  }
}

void Connection::SetDeadline(std::chrono::milliseconds timeout) {
  deadline_ = Clock::now() + timeout;
  timed_out_ = false;
  if (timer_.expiry() > deadline_ || timer_.expiry() <= Clock::now()) ArmTimer();
}

void Connection::ClearDeadline() { deadline_ = Clock::time_point::max(); }

void Connection::ArmTimer() {
  timer_.expires_at(deadline_);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const std::shared_ptr<Connection> self = weak.lock();
    if (error || self == nullptr) return;
    if (self->deadline_ == Clock::time_point::max()) return;  // SetDeadline arms it again
    if (self->deadline_ > Clock::now()) return self->ArmTimer();
    self->timed_out_ = true;
    boost::system::error_code ignored;
    self->socket_.cancel(ignored);
  });
}

void Connection::SetWaiting(bool waiting) {
  if (waiting_ == waiting) return;
  waiting_ = waiting;
  if (waiting) {
    parts_.connections.MarkWaiting(position_);
  } else {
    parts_.connections.MarkBusy(position_);
  }
}

}  // namespace mediarouter::http
