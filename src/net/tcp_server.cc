#include "net/tcp_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <set>
#include <utility>

namespace smtpspec::net {

using asio::ip::tcp;
using boost::system::system_error;

namespace {

/// After a failed accept, before the next.
constexpr std::chrono::milliseconds accept_pause{100};

/// A coroutine's error is a bug of ours: it leaves io_context::run().
void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

class TcpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, const std::string& address,
       std::uint16_t port, Serve serve)
      : serve_(std::move(serve)),
        acceptor_(context,
                  tcp::endpoint(asio::ip::make_address(address), port)),
        port_(acceptor_.local_endpoint().port()) {}

  void start() {
    asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()),
                   rethrow);
  }

  std::uint16_t port() const { return port_; }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (Connection* connection : connections_) connection->close();
  }

 private:
  // Coroutines hold the server by `self` for as long as they run.
  asio::awaitable<void> accept(std::shared_ptr<Impl> self);
  asio::awaitable<void> serve(std::shared_ptr<Impl> self,
                              Connection connection);

  Serve serve_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::set<Connection*> connections_;
};

asio::awaitable<void> TcpServer::Impl::accept(std::shared_ptr<Impl> self) {
  while (acceptor_.is_open()) {
    bool failed = false;
    try {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      Connection connection(std::move(socket));
      asio::co_spawn(acceptor_.get_executor(),
                     serve(self, std::move(connection)), rethrow);
    } catch (const system_error&) {
      failed = true;  // stopped, or the client or our descriptors are gone
    }
    if (failed && acceptor_.is_open())
      co_await sleep_until(Clock::now() + accept_pause);
  }
}

asio::awaitable<void> TcpServer::Impl::serve(std::shared_ptr<Impl>,
                                             Connection connection) {
  if (!acceptor_.is_open()) co_return;  // stopped in the meantime
  connections_.insert(&connection);
  try {
    co_await serve_(connection, connections_.size());
  } catch (const system_error&) {
    // The client does not read or is silent: nobody is left to be told.
  } catch (const PeerClosed&) {
  }
  connections_.erase(&connection);
}

TcpServer::TcpServer(asio::io_context& context, const std::string& address,
                     std::uint16_t port, Serve serve)
    : impl_(std::make_shared<Impl>(context, address, port, std::move(serve))) {
  impl_->start();
}

TcpServer::~TcpServer() { stop(); }

std::uint16_t TcpServer::port() const { return impl_->port(); }

void TcpServer::stop() { impl_->stop(); }

asio::awaitable<void> give_way() {
  auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

asio::awaitable<void> linger(Connection& connection,
                             std::chrono::milliseconds time) {
  connection.shutdown();
  const auto deadline = Clock::now() + time;
  while (Clock::now() < deadline) {
    co_await give_way();
    co_await connection.read(deadline);
  }
}

}  // namespace smtpspec::net
