#include "http/server.h"

#include <pthread.h>

#include <csignal>

#include <csignal>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "base/status.h"
#include "http/connection.h"
#include "obs/log.h"

namespace mediarouter::http {
namespace {

namespace net = boost::asio;
using net::ip::tcp;

constexpr auto kTuple = net::as_tuple(net::use_awaitable);
// When the process is out of descriptors, accepting fails at once, again and again.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kAbortPatience{5};

}  // namespace

struct Server::Impl {
  Impl(const ServerConfig& config, Handler handler, Refuse refuse, Failed failed)
      : io(config.threads),
        acceptor(net::make_strand(io)),
        parts{config, std::move(handler), std::move(refuse), std::move(failed), {}} {}

  absl::Status Listen() {
    const ServerConfig& config = parts.config;
    boost::system::error_code error;
    tcp::resolver resolver(io);
    const auto found =
        resolver.resolve(config.host, std::to_string(config.port), tcp::resolver::passive, error);
    if (!error) {
      const tcp::endpoint endpoint = found.begin()->endpoint();
      acceptor.open(endpoint.protocol(), error);
      if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
      if (!error) acceptor.bind(endpoint, error);
      if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    }
    if (error) {
      return base::Unavailable("cannot_listen", "cannot listen on {}:{}: {}", config.host,
                               config.port, error.message());
    }
    port = acceptor.local_endpoint(error).port();
    return absl::OkStatus();
  }

  net::awaitable<void> Accept() {
    while (acceptor.is_open()) {
      auto [error, socket] = co_await acceptor.async_accept(net::make_strand(io), kTuple);
      if (!error) {
        if (parts.connections.size() >= parts.config.max_connections &&
            !parts.connections.DropOldestWaiting()) {
          continue;  // all are busy: this one is closed
        }
        std::make_shared<Connection>(std::move(socket), parts)->Start();
      } else if (acceptor.is_open()) {
        obs::Log(obs::Level::kWarn, "cannot accept a connection", {{"error", error.message()}});
        net::steady_timer pause(acceptor.get_executor(), kAcceptPause);
        co_await pause.async_wait(kTuple);
      }
    }
  }

  void Run() {
    work.emplace(io.get_executor());
    net::co_spawn(acceptor.get_executor(), Accept(), net::detached);
    for (int i = 0; i < parts.config.threads; ++i) {
      threads.emplace_back([this] {
        pthread_setname_np(pthread_self(), "http");
        io.run();
      });
    }
  }

  void Stop(std::chrono::milliseconds drain) {
    if (threads.empty()) return;
    net::post(acceptor.get_executor(), [this] {
      boost::system::error_code ignored;
      acceptor.close(ignored);
    });
    parts.connections.BeginStop();
    if (!parts.connections.WaitUntilEmpty(drain)) {
      parts.connections.AbortAll();
      // A handler may hold what others point into (a call under way): it has to come back.
      while (!parts.connections.WaitUntilEmpty(kAbortPatience)) {
        obs::Log(obs::Level::kWarn, "waiting for HTTP handlers to end",
                 {{"connections", parts.connections.size()}});
      }
    }
    work.reset();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  net::io_context io;
  tcp::acceptor acceptor;
  ServerParts parts;
  std::optional<net::executor_work_guard<net::io_context::executor_type>> work;
  std::vector<std::thread> threads;
  int port = 0;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerConfig& config, Handler handler,
                                                      Refuse refuse, Failed failed) {
  // sendfile(2) to a client that has gone raises it, and unlike send(2) takes no MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  auto impl =
      std::make_unique<Impl>(config, std::move(handler), std::move(refuse), std::move(failed));
  if (absl::Status listening = impl->Listen(); !listening.ok()) return listening;
  impl->Run();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(std::chrono::milliseconds(0)); }

int Server::port() const { return impl_->port; }

void Server::Stop(std::chrono::milliseconds drain) { impl_->Stop(drain); }

}  // namespace mediarouter::http
