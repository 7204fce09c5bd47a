#include "server/listener.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <set>
#include <string>
#include <utility>

#include "net/deadline.h"
#include "server/conversation.h"

namespace smtpspec::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::system_error;

namespace {

/// How long a closed connection is still read, so that the client gets the
/// last reply and no reset.
constexpr std::chrono::seconds linger_time{2};

/// After a failed accept, before the next.
constexpr std::chrono::milliseconds accept_pause{100};

/// A coroutine's error is a bug of ours: it leaves io_context::run().
void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

asio::awaitable<void> write(tcp::socket& socket, std::string octets,
                            net::Deadline deadline) {
  if (octets.empty()) co_return;
  const auto buffer = asio::buffer(octets);
  auto operation = [&]() -> asio::awaitable<void> {
    co_await asio::async_write(socket, buffer, asio::use_awaitable);
  };
  co_await net::with_deadline(deadline, operation());
}

asio::awaitable<std::size_t> read(tcp::socket& socket,
                                  asio::mutable_buffer buffer) {
  co_return co_await socket.async_read_some(buffer, asio::use_awaitable);
}

}  // namespace

class Listener::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, ListenerOptions options, Store& store)
      : options_(std::move(options)),
        store_(store),
        acceptor_(context,
                  tcp::endpoint(asio::ip::make_address(options_.address),
                                options_.port)),
        port_(acceptor_.local_endpoint().port()),
        session_ended_(context, net::Deadline::max()) {}

  void start() {
    asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()),
                   rethrow);
  }

  std::uint16_t port() const { return port_; }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    session_ended_.cancel();
    for (tcp::socket* socket : sockets_) socket->close(ignored);
  }

 private:
  // Coroutines hold the listener by `self` for as long as they run.
  asio::awaitable<void> accept(std::shared_ptr<Impl> self);
  asio::awaitable<void> serve(std::shared_ptr<Impl> self, tcp::socket socket);
  asio::awaitable<void> converse(tcp::socket& socket);
  asio::awaitable<void> wait_for_silence();
  net::Deadline idle_deadline() const {
    return net::Clock::now() + options_.idle_timeout;
  }

  ListenerOptions options_;
  Store& store_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::set<tcp::socket*> sockets_;
  asio::steady_timer session_ended_;
};

asio::awaitable<void> Listener::Impl::accept(std::shared_ptr<Impl> self) {
  while (acceptor_.is_open()) {
    bool failed = false;
    try {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::co_spawn(acceptor_.get_executor(), serve(self, std::move(socket)),
                     rethrow);
    } catch (const system_error&) {
      failed = true;  // stopped, or the client or our descriptors are gone
    }
    if (failed && acceptor_.is_open())
      co_await net::sleep_until(net::Clock::now() + accept_pause);
  }
}

/// With the flaw: until no other session runs.
asio::awaitable<void> Listener::Impl::wait_for_silence() {
  while (!sockets_.empty() && acceptor_.is_open()) {
    boost::system::error_code ignored;
    co_await session_ended_.async_wait(
        asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> Listener::Impl::serve(std::shared_ptr<Impl>,
                                            tcp::socket socket) {
  if (options_.flaws.contains("one-session-at-a-time"_flaw))
    co_await wait_for_silence();
  if (!acceptor_.is_open()) co_return;  // stopped in the meantime
  sockets_.insert(&socket);
  try {
    co_await converse(socket);
  } catch (const system_error&) {
    // The client is gone or does not read: nobody is left to be told.
  }
  sockets_.erase(&socket);
  session_ended_.cancel();
}

asio::awaitable<void> Listener::Impl::converse(tcp::socket& socket) {
  socket.set_option(tcp::no_delay(true));
  if (sockets_.size() > options_.max_connections) {
    std::string reply = "421 " + std::string(host_name) + " Too many\r\n";
    co_await write(socket, std::move(reply), idle_deadline());
    co_return;
  }
  Surroundings surroundings;
  surroundings.client_address = socket.remote_endpoint().address().to_string();
  surroundings.service = options_.service;
  Conversation conversation(store_, options_.flaws, surroundings);
  co_await write(socket, conversation.greeting(), idle_deadline());

  std::string buffer(64 * 1024, '\0');
  const auto space = asio::buffer(buffer);
  bool is_idle = false;
  while (!conversation.closing()) {
    std::size_t size = 0;
    try {
      size = co_await net::with_deadline(idle_deadline(), read(socket, space));
    } catch (const system_error& error) {
      if (error.code() != asio::error::timed_out) throw;
      is_idle = true;
    }
    if (is_idle) break;
    auto reply = conversation.receive({buffer.data(), size});
    co_await write(socket, std::move(reply), idle_deadline());
  }
  if (is_idle) {
    std::string reply = "421 " + std::string(host_name) + " Timeout\r\n";
    co_await write(socket, std::move(reply), idle_deadline());
  }
  socket.shutdown(tcp::socket::shutdown_send);
  const auto deadline = net::Clock::now() + linger_time;
  std::size_t size = 1;
  while (size > 0)
    size = co_await net::with_deadline(deadline, read(socket, space));
}

Listener::Listener(asio::io_context& context, ListenerOptions options,
                   Store& store)
    : impl_(std::make_shared<Impl>(context, std::move(options), store)) {
  impl_->start();
}

Listener::~Listener() { stop(); }

std::uint16_t Listener::port() const { return impl_->port(); }

void Listener::stop() { impl_->stop(); }

}  // namespace smtpspec::server
