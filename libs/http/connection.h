#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "http/connection_set.h"
#include "http/message.h"
#include "http/response_head.h"
#include "http/server.h"

namespace mediarouter::http {

// What all connections of a server share.
struct ServerParts {
  ServerConfig config;
  Handler handler;
  Server::Refuse refuse;
  Server::Failed failed;
  ConnectionSet connections;
};

// One client connection: a coroutine on a strand of its own that reads requests one after the
// other. All members are touched on that strand only. Owned by the ConnectionSet.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ServerParts& parts);

  // Joins the set and begins; does nothing when the server is stopping.
  void Start();

  // From any thread.
  void CloseIfWaiting();
  void Abort();  // closes, and cancels what the handler awaits

 private:
  static boost::asio::awaitable<void> Run(std::shared_ptr<Connection> self);

  // One request and its answer; false when the connection has to end.
  boost::asio::awaitable<bool> ServeOne();
  boost::asio::awaitable<bool> WaitForBytes();
  boost::asio::awaitable<Response> Handle(Request& request);
  boost::asio::awaitable<bool> Refuse(const boost::system::error_code& error, Request& request);
  boost::asio::awaitable<bool> Refuse(Refusal refusal, const std::string& request_id);
  void Observe(const Request& request, int status) const;

  boost::asio::awaitable<bool> Send(const Response& response, const std::string& request_id,
                                    bool head_only, bool http10, bool close);
  boost::asio::awaitable<bool> SendFile(const FileBody& file);
  boost::asio::awaitable<bool> SendStream(const StreamBody& stream, bool chunked);
  boost::asio::awaitable<bool> WriteAll(std::string_view bytes);
  // Tells the client that no more comes and reads on for a moment: closing with unread bytes would
  // reset the connection and could take the answer with it.
  boost::asio::awaitable<void> Linger();

  // What is awaited on the socket fails after `timeout`, and timed_out_ is set.
  void SetDeadline(std::chrono::milliseconds timeout);
  void ClearDeadline();
  void ArmTimer();
  void SetWaiting(bool waiting);

  boost::asio::ip::tcp::socket socket_;
  ServerParts& parts_;
  boost::beast::flat_buffer buffer_;
  std::string remote_address_;
  ConnectionSet::Position position_;
  boost::asio::cancellation_signal cancel_;

  // One timer per connection that is moved only when a deadline comes nearer: most operations
  // finish long before theirs.
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  bool timed_out_ = false;

  bool waiting_ = true;
  bool fresh_ = true;  // no request yet
};

}  // namespace mediarouter::http
